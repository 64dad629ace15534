//! Which addresses of the shop's name accept connections: a run goes round those.

use super::DoctorFinding;
use crate::engine::dial;
use crate::plan::{Route, Target};
use std::time::Duration;

/// Each address is waited for so long.
const PATIENCE: Duration = Duration::from_secs(3);
/// Addresses that are tried.
const TRIED: usize = 16;

/// Tries each address once; `None` when there is but one, which other findings tell of.
pub fn look_at(target: &Target, addresses: &[Route]) -> Option<DoctorFinding> {
    if addresses.len() < 2 {
        return None;
    }
    let (accepting, refusing): (Vec<Route>, Vec<Route>) = addresses
        .iter()
        .take(TRIED)
        .cloned()
        .partition(|route| dial(route, 0, PATIENCE).is_ok());
    let host = target.place().0;
    let accept = match accepting.as_slice() {
        [] => format!(
            "addresses: {host} has {}, and none accepts",
            addresses.len()
        ),
        [only] => format!("addresses: {host} accepts at {only}, where all connections of a run go"),
        several => format!(
            "addresses: {host} accepts at {}: a run goes round them (`--addresses first` does not)",
            listed(several)
        ),
    };
    let says = match (accepting.is_empty(), refusing.is_empty()) {
        (false, false) => format!("{accept}; not at {}", listed(&refusing)),
        _ => accept,
    };
    Some(match accepting.is_empty() {
        true => DoctorFinding::problem(says),
        false => DoctorFinding::ok(says),
    })
}

fn listed(addresses: &[Route]) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::FindingLevel;
    use super::*;
    use std::net::{SocketAddr, TcpListener};

    #[test]
    fn addresses_that_accept_are_told_from_those_that_do_not() {
        let listeners = ["127.0.0.1:0", "127.0.0.2:0"].map(|at| TcpListener::bind(at).unwrap());
        let open = listeners.each_ref().map(|it| it.local_addr().unwrap());
        let closed = {
            let listener = TcpListener::bind("127.0.0.3:0").unwrap();
            listener.local_addr().unwrap()
        };
        let target = Target::parse("http://shop.test:80").unwrap();
        let look_at = |addresses: &[SocketAddr]| {
            let routes = addresses.iter().copied().map(Route::from);
            look_at(&target, &routes.collect::<Vec<_>>())
        };
        let says = |addresses: &[SocketAddr]| look_at(addresses).unwrap();
        assert!(look_at(&open[..1]).is_none());
        let [first, second] = open;
        assert_eq!(
            says(&[first, closed, second]).says,
            format!(
                "addresses: shop.test accepts at {first}, {second}: a run goes round them (`--addresses first` does not); not at {closed}"
            )
        );
        let one = says(&[closed, second]);
        assert!(
            one.says.contains(&format!("accepts at {second}, where")),
            "{}",
            one.says
        );
        assert!(one.level == FindingLevel::Ok && one.says.ends_with(&format!("not at {closed}")));
        assert!(says(&[closed, closed]).level == FindingLevel::Problem);
    }
}
