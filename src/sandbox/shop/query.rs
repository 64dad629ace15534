//! What follows the question mark of a read, and pages of a list.

use super::EndpointCall;
use super::projections::ProjectionRow;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::request_target::parameter;
use crate::sandbox::schema::read_parameter;
use std::fmt::Write as _;

/// Parameters of a list, as they are asked for; what is wrong with them is told together.
pub struct ListQuery<'a> {
    query: Option<&'a str>,
    faults: Vec<String>,
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// From 1.
    number: i64,
    /// Items of a page, from 0.
    size: i64,
}

impl<'a> ListQuery<'a> {
    /// Of a call.
    pub fn of(call: &EndpointCall<'a>) -> Self {
        Self {
            query: call.query,
            faults: Vec::new(),
        }
    }

    /// A text; empty when it is not there, which filters nothing.
    pub fn text(&self, name: &str) -> String {
        parameter(self.query, name).unwrap_or_default()
    }

    /// A text that has to be there.
    pub fn required_text(&mut self, name: &str) -> String {
        parameter(self.query, name).unwrap_or_else(|| {
            self.faults.push(format!(
                r#"{{"type":"missing","loc":["query","{name}"],"msg":"Field required","input":null}}"#
            ));
            String::new()
        })
    }

    /// Which page is asked for.
    ///
    /// # Errors
    /// With all that is wrong. A page before the first, or of fewer than no items, is more than the
    /// database can bear.
    pub fn page(mut self) -> Result<PageQuery, Refusal> {
        let mut number = |name: &str, otherwise| match parameter(self.query, name) {
            None => otherwise,
            Some(text) => read_parameter(name, &text).unwrap_or_else(|fault| {
                self.faults.push(fault);
                otherwise
            }),
        };
        let page = PageQuery {
            number: number("page", 1),
            size: number("page_size", 20),
        };
        if !self.faults.is_empty() {
            return Err(Refusal::Schema(self.faults.join(",")));
        }
        if page.number < 1 && page.size > 0 || page.size < 0 {
            return Err(Refusal::Crash);
        }
        Ok(page)
    }
}

impl PageQuery {
    /// The page of `rows` as JSON, as reads tell it.
    pub fn of<'r>(self, rows: impl Iterator<Item = &'r mut ProjectionRow>) -> String {
        let first = self.number.saturating_sub(1).saturating_mul(self.size);
        let end = first.saturating_add(self.size);
        let mut body = String::from("{\"items\":[");
        let mut total = 0_i64;
        let mut shown = 0;
        for row in rows {
            if (first..end).contains(&total) {
                if shown > 0 {
                    body.push(',');
                }
                row.write(&mut body);
                shown += 1;
            }
            total += 1;
        }
        let pages = match (total, self.size) {
            (0, _) => 0,
            (_, 0) => 1,
            (total, size) => (total - 1) / size + 1,
        };
        let (number, size) = (self.number, self.size);
        let (has_next, has_prev) = (end < total, shown > 0 && first > 0);
        // Writing to a String cannot fail.
        let _ = write!(
            body,
            r#"],"total":{total},"page":{number},"page_size":{size},"total_pages":{pages},"has_next":{has_next},"has_prev":{has_prev}}}"#
        );
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::schema::Fields;

    fn asked(query: &str) -> Result<PageQuery, Refusal> {
        ListQuery::of(&EndpointCall {
            parameters: &[],
            fields: &Fields::NONE,
            query: Some(query),
        })
        .page()
    }

    #[test]
    fn pages_are_told_as_the_shop_does() {
        let mut rows: Vec<ProjectionRow> = (0..5)
            .map(|id| ProjectionRow(vec![("id", i64::from(id).into())]))
            .collect();
        let mut told = |query: &str| asked(query).unwrap().of(rows.iter_mut());
        assert_eq!(
            told("page=2&page_size=2"),
            r#"{"items":[{"id":2},{"id":3}],"total":5,"page":2,"page_size":2,"total_pages":3,"has_next":true,"has_prev":true}"#
        );
        assert_eq!(
            told("page=9&page_size=2"),
            r#"{"items":[],"total":5,"page":9,"page_size":2,"total_pages":3,"has_next":false,"has_prev":false}"#
        );
        assert!(told("page_size=0").contains(r#""items":[],"total":5"#));
        assert!(told("page=9223372036854775807&page_size=100000").contains(r#""items":[]"#));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for query in ["page=0", "page=-1", "page_size=-1"] {
            assert_eq!(asked(query), Err(Refusal::Crash), "{query}");
        }
        let refusal = asked("page=x&page_size=y").unwrap_err();
        assert_eq!(refusal.status(), 422);
        assert_eq!(
            refusal.body(),
            r#"{"detail":[{"type":"int_parsing","loc":["query","page"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"},{"type":"int_parsing","loc":["query","page_size"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"y"}]}"#
        );
    }
}
