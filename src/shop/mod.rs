//! What ShopStream is: operations, payloads, journeys, user classes, profiles, outcomes; and as a workload.
//!
//! Opens no socket and reads no clock: journeys are written against `engine::Session` alone.

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
mod supplies;
mod workload;

pub use classes::{USER_CLASSES, UserClass, WeightedJourney, total_weight, user_class};
pub use contract::OPENAPI_PATH;
pub use fitness::JourneyFitness;
pub use generation::{
    CONTEXTS, Context, Contract, Dialect, Domain, Drift, DriftChange, FORM_FIELDS, Form, FormField,
    Generation, NoContract, OperationContract, Recognised, ValueShape, contexts_of_health,
    recognise,
};
pub use generator_list::{DataGenerator, GENERATORS};
pub use journey_options::{JourneyOption, JourneyOptions, UnknownOption};
pub use journeys::{JourneyKind, TakenStep};
pub use operations::HEALTH_PATH;
pub use outcomes::judge_ordinary;
pub use payloads::Payloads;
pub use profile::{Profile, ProfileClass, ProfileError, ProfileFault, ProfileLoad, TextPosition};
pub use script::{NoScript, ShopScript, UnknownClass};
pub use settings::{ShopSettings, UnknownSetting};
pub use steps::{called_operations, used_operations};
pub use supplies::{IdPrefixes, Supplies};
pub use workload::ShopStream;
