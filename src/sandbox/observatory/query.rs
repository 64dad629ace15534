//! Query parameters, and FastAPI's refusals of them.

use crate::sandbox::json_text::write_text;
use crate::sandbox::request_target::parameter;

/// How many traces are asked for.
///
/// # Errors
/// With the body of a 422.
pub fn count(query: Option<&str>) -> Result<usize, String> {
    let Some(text) = parameter(query, "count") else {
        return Ok(200);
    };
    let refusal = |kind: &str, message: &str, limit: &str| {
        let mut body = format!(
            r#"{{"detail":[{{"type":"{kind}","loc":["query","count"],"msg":"{message}","input":"#
        );
        write_text(&text, &mut body);
        body + limit + "}]}"
    };
    match text.trim().parse::<i64>() {
        Ok(count @ 1..=1_000) => Ok(count as usize),
        Ok(..1) => Err(refusal(
            "greater_than_equal",
            "Input should be greater than or equal to 1",
            r#","ctx":{"ge":1}"#,
        )),
        Ok(_) => Err(refusal(
            "less_than_equal",
            "Input should be less than or equal to 1000",
            r#","ctx":{"le":1000}"#,
        )),
        Err(_) => Err(refusal(
            "int_parsing",
            "Input should be a valid integer, unable to parse string as an integer",
            "",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lie_between_1_and_1000() {
        assert_eq!(count(None), Ok(200));
        assert_eq!(count(Some("count=1000")), Ok(1_000));
        for (text, kind) in [
            ("0", "greater_than_equal"),
            ("-7", "greater_than_equal"),
            ("1001", "less_than_equal"),
            ("two", "int_parsing"),
            ("", "int_parsing"),
        ] {
            let body = count(Some(&format!("count={text}"))).unwrap_err();
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            let error = &body["detail"][0];
            assert_eq!(
                (&error["type"], &error["input"]),
                (&kind.into(), &text.into())
            );
            assert_eq!(error["loc"], serde_json::json!(["query", "count"]));
        }
    }
}
