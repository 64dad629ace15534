//! Words by which figures of several names are added up, as files have them.

use super::document::{Document, Table, is_name};
use crate::workload_file::model::bounds::MOST_TAGS;
use toml::de::DeValue;

/// The tags of `table`, which calls `what` by a name of its own; `None` when it says nothing of them.
pub fn tags_of_name(
    document: &mut Document<'_>,
    table: Table<'_, '_>,
    what: &str,
) -> Option<Vec<String>> {
    let tags = tags(document, table);
    if tags.is_some() && table.get("name").is_none() {
        let says = format!(
            "figures are counted by name: give {what} a `name`, or the operation these `tags`"
        );
        document.mistake(table.offset_of("tags"), says);
    }
    tags
}

/// The tags of `table`; `None` when it says nothing of them.
pub fn tags(document: &mut Document<'_>, table: Table<'_, '_>) -> Option<Vec<String>> {
    let value = table.get("tags")?;
    let mut tags: Vec<String> = Vec::new();
    let DeValue::Array(words) = value.get_ref() else {
        let says = "`tags` is a list of words, like [\"checkout\"]";
        document.mistake(value.span().start, says);
        return None;
    };
    if words.len() > MOST_TAGS {
        let says = format!("there are at most {MOST_TAGS} tags of one name");
        document.mistake(value.span().start, says);
        return None;
    }
    for word in words {
        let at = word.span().start;
        let Some(tag) = document.text(word, "tags", "\"checkout\"") else {
            continue;
        };
        if !is_name(tag) {
            let says =
                format!("`{tag}` is no tag: it has letters, digits, `-` and `_`, like checkout");
            document.mistake(at, says);
        } else if tags.iter().any(|known| known == tag) {
            document.mistake(at, format!("the tag `{tag}` stands there twice"));
        } else {
            tags.push(tag.to_owned());
        }
    }
    Some(tags)
}
