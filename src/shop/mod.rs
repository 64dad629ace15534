//! What ShopStream is: operations, payloads, races, profiles, outcomes; and as a workload. Its ordinary journeys
//! and its user classes are files, `workloads/shopstream`.
//!
//! Opens no socket and reads no clock: races are written against `engine::Session` alone.

mod classes;
mod contract;
pub mod events;
mod fitness;
mod generation;
mod generator_list;
mod generators;
mod inspection;
mod journey_options;
mod journeys;
mod kind;
pub mod ledger;
mod operations;
mod outcomes;
mod payloads;
mod profile;
pub mod races;
mod sale;
mod script;
mod sent;
mod settings;
mod steps;
mod suite;
mod suite_choice;
mod supplies;
mod timed_sale;
mod workload;

pub use classes::{UserClass, WeightedJourney, total_weight};
pub use contract::OPENAPI_PATH;
pub use fitness::JourneyFitness;
pub use generation::{
    CONTEXTS, Context, Contract, Dialect, Domain, Drift, DriftChange, FORM_FIELDS, Form, FormField,
    Generation, NoContract, OperationContract, Recognised, ValueShape, contexts_of_health,
    recognise,
};
pub use generator_list::{DataGenerator, GENERATORS};
pub use journey_options::{JourneyOption, JourneyOptions, UnknownOption};
pub use journeys::{RaceJourney, TakenStep};
pub use kind::{JourneyFacts, JourneyKind};
pub use operations::HEALTH_PATH;
pub use outcomes::judge_ordinary;
pub use payloads::Payloads;
pub use profile::{Profile, ProfileClass, ProfileError, ProfileFault, ProfileLoad, TextPosition};
pub use script::{NoScript, ShopScript, UnknownClass};
pub use settings::{ShopSettings, UnknownSetting};
pub use suite::{JOURNEYS, SUITE_NAME, USER_CLASSES, journey, used_operations, user_class};
pub use suite_choice::Suite;
pub use supplies::{IdPrefixes, Supplies};
pub use workload::ShopStream;
