//! What a collector answers to strangers, to people of every role, and to agents that lie: a real process, over TLS.

mod agent;
mod bodies;
mod client;
mod collector;
mod connections;
mod kinds;
mod logins;
mod reports;
mod roles;
mod routes;
