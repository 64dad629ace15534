//! From a request's method and target to an endpoint.

use super::shop::{Endpoint, MAX_SEGMENTS, PARAMETER, endpoints};
use crate::shop::Generation;

/// Most parameters in a path.
const MAX_PARAMETERS: usize = 2;

/// Where a request leads.
pub enum Route<'a> {
    /// To an endpoint.
    Found(&'static Endpoint, PathParameters<'a>),
    /// The path is known, the method is not; this one is.
    WrongMethod(&'static str),
    /// The path is known without its trailing slash, or with one.
    Redirect(String),
    /// Nowhere.
    Unknown,
}

/// Values of a path's parameters.
pub struct PathParameters<'a> {
    values: [&'a str; MAX_PARAMETERS],
    count: usize,
}

impl<'a> PathParameters<'a> {
    /// The values, in the path's order.
    pub fn values(&self) -> &[&'a str] {
        &self.values[..self.count]
    }
}

/// Finds the endpoint for `method` on the decoded `path` in a shop of `generation`.
pub fn route<'a>(generation: Generation, method: &str, path: &'a str) -> Route<'a> {
    let mut allowed = None;
    for (endpoint, parameters) in matching(generation, path) {
        if endpoint.method == method {
            return Route::Found(endpoint, parameters);
        }
        allowed = allowed.or(Some(endpoint.method));
    }
    match allowed {
        Some(method) => Route::WrongMethod(method),
        None => other_slash(generation, path).map_or(Route::Unknown, Route::Redirect),
    }
}

/// Starlette's second look: the path without its trailing slashes, or with one.
fn other_slash(generation: Generation, path: &str) -> Option<String> {
    let other = match path.strip_suffix('/') {
        _ if path == "/" => return None,
        Some(_) => path.trim_end_matches('/').to_owned(),
        None => format!("{path}/"),
    };
    let is_known = matching(generation, &other).next().is_some();
    is_known.then_some(other)
}

/// The endpoints on `path`, whatever their method.
fn matching(
    generation: Generation,
    path: &str,
) -> impl Iterator<Item = (&'static Endpoint, PathParameters<'_>)> {
    let mut segments = [""; MAX_SEGMENTS];
    let mut count = 0;
    if let Some(path) = path.strip_prefix('/') {
        for segment in path.split('/') {
            if count == MAX_SEGMENTS {
                count = 0;
                break;
            }
            segments[count] = segment;
            count += 1;
        }
    }
    let domain = endpoints(generation)
        .iter()
        .filter(move |domain| {
            count > 0
                && domain
                    .iter()
                    .any(|endpoint| endpoint.path[0] == segments[0])
        })
        .flat_map(|domain| domain.iter());
    domain.filter_map(move |endpoint| {
        Some((endpoint, parameters_of(endpoint.path, &segments[..count])?))
    })
}

fn parameters_of<'a>(template: &[&str], segments: &[&'a str]) -> Option<PathParameters<'a>> {
    if template.len() != segments.len() {
        return None;
    }
    let mut parameters = PathParameters {
        values: [""; MAX_PARAMETERS],
        count: 0,
    };
    for (&expected, &segment) in template.iter().zip(segments) {
        if expected == PARAMETER && !segment.is_empty() {
            parameters.values[parameters.count] = segment;
            parameters.count += 1;
        } else if expected != segment {
            return None;
        }
    }
    Some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::schema::Schema;

    fn told(generation: Generation, method: &str, path: &str) -> String {
        match route(generation, method, path) {
            Route::Found(endpoint, parameters) => {
                format!("{} {:?}", endpoint.path.join("/"), parameters.values())
            }
            Route::WrongMethod(allowed) => format!("405 {allowed}"),
            Route::Redirect(path) => format!("307 {path}"),
            Route::Unknown => "404".into(),
        }
    }

    #[test]
    fn methods_and_paths_lead_where_they_lead_in_the_shop() {
        for (method, path, end) in [
            ("POST", "/customers", "customers []"),
            ("GET", "/customers", "405 POST"),
            ("GET", "/customers/abc", "404"),
            ("PUT", "/customers/abc/tier", "customers/*/tier [\"abc\"]"),
            ("PUT", "/customers/*/tier", "customers/*/tier [\"*\"]"),
            (
                "DELETE",
                "/customers/a/addresses/b",
                "customers/*/addresses/* [\"a\", \"b\"]",
            ),
            ("GET", "/customers/a/addresses/b", "405 PUT"),
            ("POST", "/customers/", "307 /customers"),
            ("GET", "/customers//", "307 /customers"),
            ("PUT", "/customers//profile", "404"),
            ("GET", "/health", "health []"),
            ("HEAD", "/health", "405 GET"),
            ("GET", "/", "404"),
            ("GET", "/*", "404"),
            ("GET", "*", "404"),
            ("GET", "", "404"),
            ("GET", "/a/b/c/d/e/f/g/h", "404"),
        ] {
            let generation = Generation::Five;
            assert_eq!(told(generation, method, path), end, "{method} {path}");
        }
    }

    #[test]
    fn todays_shop_has_more_operations_on_the_same_paths() {
        for (method, path, end) in [
            ("POST", "/customers", "customers []"),
            ("GET", "/customers", "405 POST"),
            ("GET", "/customers/abc", "customers/* [\"abc\"]"),
            ("GET", "/products", "products []"),
            ("PUT", "/products", "405 POST"),
            ("GET", "/categories/a", "405 PUT"),
            ("GET", "/warehouses/a", "405 PUT"),
            ("GET", "/inventory/a", "404"),
            ("GET", "/orders/a/timeline", "orders/*/timeline [\"a\"]"),
            ("GET", "/fulfillments", "405 POST"),
            (
                "POST",
                "/carts/maintenance/detect-abandoned",
                "carts/maintenance/detect-abandoned []",
            ),
        ] {
            let generation = Generation::Today;
            assert_eq!(told(generation, method, path), end, "{method} {path}");
        }
    }

    /// As its description says: nothing is missing, and nothing is made up.
    #[test]
    fn each_generation_serves_the_operations_that_it_describes() {
        for generation in Generation::ALL {
            let document: serde_json::Value = serde_json::from_str(generation.openapi()).unwrap();
            let mut described: Vec<String> = Vec::new();
            for (path, methods) in document["paths"].as_object().unwrap() {
                for method in methods.as_object().unwrap().keys() {
                    let path = path
                        .split('/')
                        .map(|segment| match segment.starts_with('{') {
                            true => PARAMETER,
                            false => segment,
                        });
                    let path: Vec<&str> = path.collect();
                    described.push(format!("{} {}", method.to_uppercase(), path.join("/")));
                }
            }
            let served = endpoints(generation).iter().copied().flatten();
            let mut served: Vec<String> = served
                .map(|endpoint| format!("{} /{}", endpoint.method, endpoint.path.join("/")))
                .filter(|served| served != "GET /openapi.json")
                .collect();
            described.sort();
            served.sort();
            assert_eq!(served, described, "{generation:?}");
        }
    }

    /// Bodies have the fields that are described, and require those that are required.
    #[test]
    fn each_generation_wants_the_bodies_that_it_describes() {
        for generation in Generation::ALL {
            let document: serde_json::Value = serde_json::from_str(generation.openapi()).unwrap();
            let served = endpoints(generation).iter().copied().flatten();
            for endpoint in served.filter(|endpoint| endpoint.path != ["openapi.json"]) {
                let operation = described(&document, endpoint);
                let place = format!("{generation:?}: {} {:?}", endpoint.method, endpoint.path);
                let body = &operation["requestBody"]["content"]["application/json"]["schema"];
                let mut wanted = fields_of(&document, body);
                let mut ours = endpoint
                    .schema_of(generation)
                    .map_or(Vec::new(), Schema::described);
                wanted.sort_unstable();
                ours.sort_unstable();
                let ours: Vec<(String, bool)> = ours
                    .into_iter()
                    .map(|(name, is_required)| (name.to_owned(), is_required))
                    .collect();
                assert_eq!(ours, wanted, "{place}");
                let is_optional = operation["requestBody"]["required"] != true;
                let may_be_left_out = endpoint.body_is_optional || ours.is_empty();
                assert!(is_optional == may_be_left_out, "{place}");
            }
        }
    }

    fn described<'d>(
        document: &'d serde_json::Value,
        endpoint: &Endpoint,
    ) -> &'d serde_json::Value {
        let paths = document["paths"].as_object().unwrap();
        let is_it = |path: &&String| {
            let segments: Vec<&str> = path.split('/').skip(1).collect();
            segments.len() == endpoint.path.len()
                && segments.iter().zip(endpoint.path).all(|(theirs, ours)| {
                    theirs == ours || *ours == PARAMETER && theirs.starts_with('{')
                })
        };
        let path = paths.keys().find(is_it).expect("it is described");
        &paths[path][endpoint.method.to_lowercase()]
    }

    /// The fields of a body, with whether each is required; a body that may be null has the same.
    fn fields_of(document: &serde_json::Value, body: &serde_json::Value) -> Vec<(String, bool)> {
        let body = match body["anyOf"].as_array() {
            Some(either) => &either[0],
            None => body,
        };
        let body = match body["$ref"].as_str() {
            Some(place) => document.pointer(place.trim_start_matches('#')).unwrap(),
            None => body,
        };
        let required: Vec<&str> = body["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str)
            .collect();
        let fields = body["properties"].as_object().into_iter().flatten();
        fields
            .map(|(name, _)| (name.clone(), required.contains(&name.as_str())))
            .collect()
    }
}
