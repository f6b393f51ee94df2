//! A span of time as an application sets it: inherited, never, or so many seconds.

use std::time::Duration;

use super::Invalid;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Interval {
    Inherit,
    Never,
    After(Duration),
}

impl Interval {
    pub(crate) const fn from_secs(seconds: u64) -> Self {
        Self::After(Duration::from_secs(seconds))
    }

    pub(crate) fn from_seconds(seconds: f64) -> Result<Self, Invalid> {
        match seconds {
            0.0 => Ok(Self::Inherit),
            seconds if seconds == f64::INFINITY => Ok(Self::Never),
            // What no clock can hold is as good as never.
            seconds if seconds > 0.0 => Ok(Duration::try_from_secs_f64(seconds).map_or(Self::Never, Self::After)),
            _ => Err(Invalid),
        }
    }

    pub(crate) fn seconds(self) -> f64 {
        match self {
            Self::Inherit => 0.0,
            Self::Never => f64::INFINITY,
            Self::After(duration) => duration.as_secs_f64(),
        }
    }

    pub(crate) fn or(self, fallback: Self) -> Self {
        match self {
            Self::Inherit => fallback,
            chosen => chosen,
        }
    }

    pub(crate) fn duration(self) -> Option<Duration> {
        match self {
            Self::After(duration) => Some(duration),
            Self::Inherit | Self::Never => None,
        }
    }
}
