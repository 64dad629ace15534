//! Which addresses of the shop's name accept connections: a run goes round those.

use super::DoctorFinding;
use crate::plan::Target;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Each address is waited for so long.
const PATIENCE: Duration = Duration::from_secs(3);
/// Addresses that are tried.
const TRIED: usize = 16;

/// Tries each address once; `None` when there is but one, which other findings tell of.
pub fn look_at(target: &Target, addresses: &[SocketAddr]) -> Option<DoctorFinding> {
    if addresses.len() < 2 {
        return None;
    }
    let (accepting, refusing): (Vec<SocketAddr>, Vec<SocketAddr>) = addresses
        .iter()
        .take(TRIED)
        .partition(|address| TcpStream::connect_timeout(address, PATIENCE).is_ok());
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

fn listed(addresses: &[SocketAddr]) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::FindingLevel;
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn addresses_that_accept_are_told_from_those_that_do_not() {
        let listeners = ["127.0.0.1:0", "127.0.0.2:0"].map(|at| TcpListener::bind(at).unwrap());
        let open = listeners.each_ref().map(|it| it.local_addr().unwrap());
        let closed = {
            let listener = TcpListener::bind("127.0.0.3:0").unwrap();
            listener.local_addr().unwrap()
        };
        let target = Target::parse("http://shop.test:80").unwrap();
        let says = |addresses: &[SocketAddr]| look_at(&target, addresses).unwrap();
        assert!(look_at(&target, &open[..1]).is_none());
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
