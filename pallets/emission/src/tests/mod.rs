//! Tests, one file per behaviour.

mod author_share;
mod books;
mod burns;
mod genesis;
mod lane;
mod properties;
mod rewards;
mod schedule;
mod work_budget;
