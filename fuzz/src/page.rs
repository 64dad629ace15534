//! What the web page is sent.

use shopblast::cli::{self, CliCommand, Entropy, Machine};
use shopblast::plan::{AddressPolicy, RunId, Topology};
use shopblast::ui::web::{SwarmOrder, WebRequest};
use std::ffi::OsString;

/// A form becomes a plan of a target that load may be sent to, or one message.
pub fn form(bytes: &[u8]) {
    // In parts it is an order or a message, too.
    if let Err(error) = SwarmOrder::read(Some("multipart/form-data; boundary=b"), bytes) {
        assert!(!error.to_string().is_empty());
    }
    let order = match SwarmOrder::parse(bytes) {
        Ok(order) => order,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let is_tidy = |text: &String| !text.is_empty() && text.trim() == text;
    assert!(order.classes.iter().chain(&order.host).all(is_tidy));
    let Entropy { seed, run_id } = entropy();
    match page().planner.plan(&order, seed, run_id) {
        Ok(planned) => {
            let plan = &planned.request.plan;
            assert!(!plan.classes.is_empty() && plan.max_users() > 0);
            let nobody_named = AddressPolicy::default();
            assert_eq!(nobody_named.check_literal(&plan.target.host), Ok(()));
        }
        Err(refusal) => assert!(!refusal.why.is_empty()),
    }
}

fn page() -> WebRequest {
    let words = ["shopblast", "--web", "SpikeUser"].map(OsString::from);
    let machine = Machine {
        topology: Topology::flat(&[0, 1]),
    };
    match cli::parse(words, [], &machine, entropy()) {
        Ok(CliCommand::Web(request)) => *request,
        other => panic!("{other:?}"),
    }
}

fn entropy() -> Entropy {
    Entropy {
        seed: 1,
        run_id: RunId::new(1_700_000_000_000, 2, 3),
    }
}
