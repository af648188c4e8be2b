//! The caller: the user or unit that started an operation. These are hints for a later reader.
//! Root, who may run the agent, may set each of them freely.

mod hints;
mod ids;
mod named;
mod origin;

pub use ids::CallerIds;
pub use named::Caller;
pub use origin::Origin;
