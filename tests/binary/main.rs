//! The built program, run as a user runs it: its commands, its runs over real sockets, its records,
//! its terminal view, and its web page from outside.

#[path = "../certificates/mod.rs"]
mod certificates;
#[path = "../invocation/mod.rs"]
mod invocation;
#[path = "../other_shop/mod.rs"]
mod other_shop;
#[path = "../sandbox_client/mod.rs"]
mod sandbox_client;
#[path = "../sandbox_request/mod.rs"]
mod sandbox_request;
#[path = "../tls_relay/mod.rs"]
mod tls_relay;
#[path = "../web_server/mod.rs"]
mod web_server;
#[path = "../whole_request/mod.rs"]
mod whole_request;

mod described_server;
mod odd_server;
mod reverse_proxy;

mod behind_nginx;
mod cli_bad_input;
mod compare;
mod descriptor_limit;
mod doctor;
mod endless_sources;
mod exports;
mod fleet_up;
mod foreign_readers;
mod generator_state;
mod hostile_texts;
mod http2;
mod https;
mod idle_connections;
mod observed_in_tls;
mod observed_sandbox;
mod outputs;
mod placement;
mod places;
mod preparation;
mod processes;
mod program_habits;
mod races;
mod recognition;
mod recovery;
mod replay;
mod report_files;
mod request_headers;
mod runs;
mod same_streams;
mod shards;
mod single_url;
mod small_server;
mod surroundings;
mod terminal_view;
mod thresholds;
mod todays_workloads;
mod web;
mod wire;
mod workload_data;
mod workload_files;
mod workload_races;
mod workload_starts;
