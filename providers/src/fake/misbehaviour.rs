//! What a fake provider does wrong, and where.

use std::fmt;
use std::str::FromStr;

/// A call of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// `Provider::create`.
    Create,
    /// `Provider::start`.
    Start,
    /// `Provider::endpoint`.
    Endpoint,
    /// `Provider::stop`.
    Stop,
    /// `Provider::destroy`.
    Destroy,
    /// `Provider::state`.
    State,
    /// `Suspend::save_memory`.
    SaveMemory,
    /// `Suspend::discard_memory`.
    DiscardMemory,
    /// `Snapshots::save`.
    SaveSnapshot,
    /// `Snapshots::restore`.
    RestoreSnapshot,
    /// `Snapshots::delete`.
    DeleteSnapshot,
}

/// On which side of its effect a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Nothing was done.
    Before,
    /// All was done, and nobody hears of it.
    After,
}

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It returns an error.
    Fail,
    /// It never returns.
    Hang,
    /// It kills its own process, as `kill -9` would.
    Die,
}

/// One call that goes wrong, every time it is made by this provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misbehaviour {
    /// How.
    pub fault: Fault,
    /// On which side of its effect.
    pub side: Side,
    /// Which call.
    pub call: Call,
}

const CALLS: [(&str, Call); 11] = [
    ("create", Call::Create),
    ("start", Call::Start),
    ("endpoint", Call::Endpoint),
    ("stop", Call::Stop),
    ("destroy", Call::Destroy),
    ("state", Call::State),
    ("save_memory", Call::SaveMemory),
    ("discard_memory", Call::DiscardMemory),
    ("save_snapshot", Call::SaveSnapshot),
    ("restore_snapshot", Call::RestoreSnapshot),
    ("delete_snapshot", Call::DeleteSnapshot),
];

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = CALLS.iter().find(|it| it.1 == *self).map_or("", |it| it.0);
        f.write_str(name)
    }
}

/// Text is no misbehaviour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `fail|hang|die before|after` and a call, as in `die after create`")]
pub struct NotAMisbehaviour(String);

/// `die after create`.
impl FromStr for Misbehaviour {
    type Err = NotAMisbehaviour;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| NotAMisbehaviour(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Misbehaviour> {
    let [fault, side, call] = text.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
    let fault = match fault {
        "fail" => Fault::Fail,
        "hang" => Fault::Hang,
        "die" => Fault::Die,
        _ => return None,
    };
    let side = match side {
        "before" => Side::Before,
        "after" => Side::After,
        _ => return None,
    };
    let call = CALLS.iter().find(|it| it.0 == call)?.1;
    Some(Misbehaviour { fault, side, call })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misbehaviour_is_read_from_three_words() {
        let expected = Misbehaviour {
            fault: Fault::Die,
            side: Side::After,
            call: Call::Create,
        };

        assert_eq!("die after create".parse(), Ok(expected));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "die", "die after", "die after lunch", "die after create twice"] {
            assert!(text.parse::<Misbehaviour>().is_err(), "{text}");
        }
    }
}
