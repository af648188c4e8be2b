//! The page that users meet during maintenance, as `agent page` serves it: one HTML file, with the
//! files beside it inlined. Each request gets it with status 503, except on the path of the app's
//! health check, so that HAProxy takes the server for UP.

mod answer;
mod ask;
mod check;
mod content;
mod fault;
mod folder;
mod health;
mod inline;
mod listen;
mod probe;
mod serve;

pub use answer::{Answer, Asked, answer, response, retry_after};
pub use check::check;
pub use content::{Content, Included, LIMIT};
pub use fault::Fault;
pub use health::HealthAnswer;
pub use listen::{bind, name_all};
pub use probe::{NotThePage, probe};
pub use serve::{Site, serve};
