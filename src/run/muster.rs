//! Mustering the workers of a run: what each is ordered, and which connections it is given.

use super::crew::{Crew, CrewError};
use super::deal::Deal;
use crate::engine::{
    CountOrders, Interruption, LONGEST_SURVEY, LoadOrders, Opened, PlaceOrders, PreparedHeads,
    PreparedScript, Questions, SHORTEST_SURVEY, Spread, Survey, Surveyor, TargetOrders,
    WorkerOrders,
};
use crate::plan::Plan;
use crate::stats::{LiveCourse, WorkerHandover};
use std::net::SocketAddr;
use std::sync::Arc;

/// What workers are mustered for.
pub struct Muster<'a> {
    /// What is done.
    pub plan: &'a Plan,
    /// What users do.
    pub script: &'a PreparedScript,
    /// Where the target is.
    pub addresses: &'a [SocketAddr],
    /// Whether the target's processes are looked for, and connections opened at each of them.
    pub looks: bool,
    /// Stops the preparations.
    pub interruption: &'a Arc<Interruption>,
    /// How the course of the users is changed while they live; `None` when it is not.
    pub course: Option<&'a Arc<LiveCourse>>,
}

impl Muster<'_> {
    /// Has a worker prepared for each core of the plan, with one of `handovers` each; tells also what
    /// was found of the target's processes, `None` when it was not looked at.
    ///
    /// # Errors
    /// When any worker cannot work.
    pub fn call(self, handovers: Vec<WorkerHandover>) -> Result<(Crew, Option<Survey>), CrewError> {
        let questions = self.questions();
        let mut orders = self.orders(questions.as_ref(), handovers)?;
        let survey = questions.map(|questions| self.survey(&questions, &mut orders));
        let crew = Crew::gather(self.script, orders, self.interruption)?;
        Ok((crew, survey))
    }

    /// What the target's processes are asked, if they are looked for.
    fn questions(&self) -> Option<Questions> {
        let paths = self.script.described.questions.filter(|_| self.looks);
        paths.map(|(slow, quick)| Questions::of(&self.plan.target, slow, quick))
    }

    fn orders(
        &self,
        questions: Option<&Questions>,
        handovers: Vec<WorkerHandover>,
    ) -> Result<Vec<WorkerOrders>, CrewError> {
        let described = &self.script.described;
        let heads = Arc::new(PreparedHeads::new(described.steps, &self.plan.target)?);
        let addresses: Arc<[SocketAddr]> = self.addresses.into();
        let cores = self.plan.cores.iter().zip(handovers).enumerate();
        let orders = cores.map(|(position, (&cpu, handover))| WorkerOrders {
            place: PlaceOrders {
                position,
                cpu,
                driver: self.plan.driver,
            },
            target: TargetOrders {
                addresses: Arc::clone(&addresses),
                heads: Arc::clone(&heads),
                opened: Spread::default(),
                questions: questions.cloned(),
                max_body_bytes: self.plan.max_body_bytes,
                request_timeout: self.plan.request_timeout,
            },
            load: self.load_of(position),
            counts: CountOrders {
                rows: described.rows.clone(),
                race_rows: described.race_rows.clone(),
                shape: described.shape,
                failures: self.plan.failures,
            },
            handover,
        });
        Ok(orders.collect())
    }

    /// The part of the load that worker `position` carries out.
    fn load_of(&self, position: usize) -> LoadOrders {
        let plan = self.plan;
        let room = self.course.map_or(plan.max_users(), |course| course.room());
        let deal = Deal {
            plan,
            users: room,
            workers: plan.cores.len(),
            waits: &self.script.described.waits,
        };
        let dealt = deal.share_of(position);
        LoadOrders {
            users: dealt.users,
            course: self.course.cloned(),
            arrivals: dealt.arrivals,
            connections: dealt.connections,
            run_time: plan.run_time,
            stop_timeout: plan.stop_timeout,
        }
    }

    /// Looks for the target's processes, and gives each worker connections at all of them.
    fn survey(&self, questions: &Questions, orders: &mut [WorkerOrders]) -> Survey {
        let longest = match self.script.race_connections(self.plan.max_users() as usize) {
            0 => SHORTEST_SURVEY,
            _ => LONGEST_SURVEY,
        };
        let interruption = Some(&**self.interruption);
        let mut surveyor = Surveyor::new(self.addresses, questions, longest, interruption);
        surveyor.look();
        let wanted = orders.iter().map(|orders| Wanted {
            race_connections: self.script.race_connections(orders.load.planned_users()),
            others: orders.load.planned_connections(),
        });
        let wanted: Vec<Wanted> = wanted.collect();
        deal_connections(&mut surveyor, &wanted, orders);
        surveyor.survey()
    }
}

/// Connections that a worker needs.
struct Wanted {
    race_connections: usize,
    others: usize,
}

/// Opens as many connections at each process as at the next, and deals them to the workers.
fn deal_connections(surveyor: &mut Surveyor<'_>, wanted: &[Wanted], orders: &mut [WorkerOrders]) {
    let all_lanes = wanted.iter().map(|wanted| wanted.race_connections).sum();
    let all_others = wanted.iter().map(|wanted| wanted.others).sum();
    let Spread {
        race_connections,
        others,
    } = surveyor.open(all_lanes, all_others);
    deal(race_connections, orders, |at, opened| {
        (opened.race_connections.len() < wanted[at].race_connections)
            .then_some(&mut opened.race_connections)
    });
    deal(others, orders, |at, opened| {
        (opened.others.len() < wanted[at].others).then_some(&mut opened.others)
    });
}

/// Deals round and round to those who have room.
fn deal(
    opened: Vec<Opened>,
    orders: &mut [WorkerOrders],
    room: impl Fn(usize, &mut Spread) -> Option<&mut Vec<Opened>>,
) {
    let mut next = 0;
    for connection in opened {
        for step in 0..orders.len() {
            let at = (next + step) % orders.len();
            if let Some(place) = room(at, &mut orders[at].target.opened) {
                place.push(connection);
                next = at + 1;
                break;
            }
        }
    }
}
