//! What needs nothing but the library: journeys against the shop's rules in virtual time, and the
//! bodies of the fuzz targets. No sockets, no clock.

#[path = "../coupon_workload/mod.rs"]
mod coupon_workload;

mod carried_journey;
mod journey_contract;
mod raced_shop;
mod simulated_shop;

mod adding_a_journey;
mod conformance_journeys;
mod fuzz_bodies;
mod hostile_workloads;
mod journeys_classes;
mod journeys_exchanges;
mod journeys_flash_sale;
mod journeys_identity;
mod journeys_options;
mod probes;
mod shards;
mod suite_streams;
mod todays_races;
mod todays_streams;
