//! A shop behind TLS, as a user meets it: found, loaded, reported, fired at again, and what is said where
//! something about certificates, protocols and ports is not as it should be.

mod faults;
mod gateway;
mod replays;
mod runs;
