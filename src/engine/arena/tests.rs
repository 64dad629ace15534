//! Where patches go, and which bodies are picked.

use super::*;
use fastrand::Rng;
use proptest::prelude::*;
use serde_json::Value;

fn append(arena: &Arena, index: usize, ids: &[Id], unique: &mut UniqueNumbers) -> Vec<u8> {
    let mut out = b"before".to_vec();
    arena.append(index, (ids, &Values::default()), unique, &mut out);
    assert_eq!(
        out.len(),
        b"before".len() + arena.patched_len(index, ids, &Values::default())
    );
    out.split_off(b"before".len())
}

#[test]
fn patches_go_where_they_belong() {
    let arena = ArenaBuilder::build(3, |body| {
        body.object(|body| {
            body.id_member("order", 1);
            body.unique_member("key", "a-", "-z");
            body.object_member("nested", |body| body.id_member("customer", 0));
            body.array_member("items", |body| {
                body.element(|body| body.member("n", 1));
                body.element(|body| body.member("n", 2.5));
            });
            body.member("flag", true);
        });
    });
    assert_eq!((arena.len(), arena.ids(), arena.is_empty()), (3, 2, false));
    let ids = [Id::new(b"cust-1").unwrap(), Id::new(b"order-22").unwrap()];
    let mut unique = UniqueNumbers::of_user(0);
    let expected = |number: &str| {
        format!(
            r#"{{"order":"order-22","key":"a-{number}-z","nested":{{"customer":"cust-1"}},"items":[{{"n":1}},{{"n":2.5}}],"flag":true}}"#
        )
    };
    assert_eq!(
        append(&arena, 0, &ids, &mut unique),
        expected("000000000000").as_bytes()
    );
    assert_eq!(
        append(&arena, 2, &ids, &mut unique),
        expected("000000000001").as_bytes()
    );
}

#[test]
fn bodies_of_different_lengths_do_not_run_into_each_other() {
    let mut count = 0;
    let arena = ArenaBuilder::build(5, |body| {
        count += 1;
        let text = "x".repeat(count);
        body.object(|body| body.member("text", &text));
    });
    let mut unique = UniqueNumbers::of_user(0);
    for index in 0..arena.len() {
        let expected = format!(r#"{{"text":"{}"}}"#, "x".repeat(index + 1));
        assert_eq!(append(&arena, index, &[], &mut unique), expected.as_bytes());
    }
}

#[test]
fn every_body_is_picked() {
    let arena = ArenaBuilder::build(4, |body| body.object(|_| {}));
    let mut rng = Rng::with_seed(1);
    let picked: std::collections::HashSet<_> = (0..200).map(|_| arena.pick(&mut rng)).collect();
    assert_eq!(picked.len(), 4);
}

#[test]
#[should_panic(expected = "at least one body")]
fn an_empty_arena_cannot_be_built() {
    let _ = ArenaBuilder::build(0, |_| {});
}

proptest! {
    #[test]
    fn whatever_is_written_is_valid_json(
        name in ".{0,20}",
        text in ".{0,40}",
        prefix in ".{0,20}",
        suffix in ".{0,20}",
        number in any::<i64>(),
    ) {
        prop_assume!(name != "unique" && name != "list");
        let arena = ArenaBuilder::build(1, |body| body.object(|body| {
            body.member(&name, &text);
            body.unique_member("unique", &prefix, &suffix);
            body.array_member("list", |body| body.element(|body| body.member("n", number)));
        }));
        let bytes = append(&arena, 0, &[], &mut UniqueNumbers::of_user(1));
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&value[&name], &Value::from(text));
        prop_assert_eq!(&value["list"][0]["n"], &Value::from(number));
        prop_assert_eq!(&value["unique"], &Value::from(format!("{prefix}000010000000{suffix}")));
    }
}
