//! HTTP/2 where the engine has no ring of its own: `--driver epoll`, as in containers that forbid io_uring, and
//! `plain-uring`.

use super::counts;
use super::gateway::{Gateway, Like};
use super::served::Served;
use crate::invocation::run;
use crate::sandbox_client::shop;
use shopblast::sandbox::{SandboxMode, ShopConfig};

const DRIVERS: [&str; 2] = ["epoll", "plain-uring"];

#[test]
fn users_and_racers_are_served_over_every_driver() {
    let shop = shop(10_000);
    for driver in DRIVERS {
        for load in [
            "IdentityUser -u 8 -r 100 -t 1s --pacing max",
            "IdentityUser -u 8 -r 100 -t 1s --pacing max --connections 2",
            "--profile race-audit -u 2 -t 2s --pacing max",
            "--profile race-audit -u 2 -t 2s --pacing max --race-over connections",
        ] {
            let gateway = Gateway::before(shop.address(), Like::default());
            let ended = run(&format!(
                "{load} --no-observatory --http2 --driver {driver} -H {}",
                gateway.url()
            ));
            let (requests, failures, unknown) = counts(&ended);
            assert!(requests > 20, "{driver} {load}: {}", ended.told());
            assert_eq!(failures + unknown, 0, "{driver} {load}: {}", ended.told());
        }
    }
}

#[test]
fn goodbyes_and_refusals_cost_no_request_over_any_driver() {
    let shop = shop(10_000);
    for driver in DRIVERS {
        for like in [
            Like {
                goodbye_after: Some(20),
                ..Like::default()
            },
            Like {
                streams: Some(2),
                window: Some(300),
                ..Like::default()
            },
        ] {
            let gateway = Gateway::before(shop.address(), like);
            let ended = run(&format!(
                "IdentityUser -u 8 -r 100 -t 1s --pacing max --connections 2 --no-observatory --http2 \
                 --driver {driver} -H {}",
                gateway.url()
            ));
            let (requests, failures, unknown) = counts(&ended);
            assert!(requests > 20, "{driver}: {}", ended.told());
            assert_eq!(failures + unknown, 0, "{driver}: {}", ended.told());
        }
    }
}

#[test]
fn http_2_over_tls_is_spoken_over_every_driver() {
    let served = Served::start(SandboxMode::Shop(ShopConfig::default()));
    for driver in DRIVERS {
        let ended = run(&format!(
            "SpikeUser -u 8 -r 100 -t 1s --pacing max --connections 2 --no-observatory --http2 --driver {driver} {}",
            served.flags()
        ));
        let (requests, failures, unknown) = counts(&ended);
        assert!(requests > 20, "{driver}: {}", ended.told());
        assert_eq!(failures + unknown, 0, "{driver}: {}", ended.told());
        assert_eq!(ended.record()["target"]["tls"]["protocol"], "h2");
    }
}
