//! Where a task stands: the one place that decides it.

/// Apple's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Running = 0,
    Suspended = 1,
    Canceling = 2,
    Completed = 3,
}

/// What a call asks of whoever drives the task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    None,
    /// Drive it, for the first time.
    Begin,
    /// Go on.
    Thaw,
    /// Stand still.
    Freeze,
    /// Come to an end.
    End,
}

pub(crate) struct StateMachine {
    suspensions: u32,
    begun: bool,
    cancelled: bool,
    completed: bool,
    freezes: u32,
}

impl Default for StateMachine {
    /// A task begins suspended once.
    fn default() -> Self {
        Self { suspensions: 1, begun: false, cancelled: false, completed: false, freezes: 0 }
    }
}

impl StateMachine {
    pub(crate) fn state(&self) -> State {
        match self {
            Self { completed: true, .. } => State::Completed,
            Self { cancelled: true, .. } => State::Canceling,
            Self { suspensions: 0, .. } => State::Running,
            _ => State::Suspended,
        }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun || self.cancelled
    }

    pub(crate) fn resume(&mut self) -> Change {
        if self.state() != State::Suspended {
            return Change::None;
        }
        self.suspensions -= 1;
        if self.suspensions > 0 {
            return Change::None;
        }
        match std::mem::replace(&mut self.begun, true) {
            false => Change::Begin,
            true => Change::Thaw,
        }
    }

    pub(crate) fn suspend(&mut self) -> Change {
        match self.state() {
            State::Running => {
                self.suspensions = 1;
                self.freezes = self.freezes.wrapping_add(1);
                Change::Freeze
            }
            State::Suspended => {
                self.suspensions = self.suspensions.saturating_add(1);
                Change::None
            }
            State::Canceling | State::Completed => Change::None,
        }
    }

    pub(crate) fn cancel(&mut self) -> Change {
        if self.completed || std::mem::replace(&mut self.cancelled, true) {
            return Change::None;
        }
        match std::mem::replace(&mut self.begun, true) {
            true => Change::End,
            false => Change::Begin,
        }
    }

    pub(crate) fn complete(&mut self) {
        self.completed = true;
    }

    /// How often it stood still since it began.
    pub(crate) fn freezes(&self) -> u32 {
        self.freezes
    }

    /// That of a task that this one becomes, and which runs; none where this one has come to its end first.
    pub(crate) fn succeed(&mut self) -> Option<Self> {
        if self.cancelled || std::mem::replace(&mut self.completed, true) {
            return None;
        }
        Some(Self { suspensions: 0, begun: true, cancelled: false, completed: false, freezes: self.freezes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a022_suspensions_are_counted() {
        let mut machine = StateMachine::default();
        assert_eq!(machine.suspend(), Change::None);
        assert_eq!(machine.resume(), Change::None);
        assert_eq!(machine.state(), State::Suspended);
        assert_eq!(machine.resume(), Change::Begin);
        assert_eq!(machine.resume(), Change::None);
        assert_eq!(machine.suspend(), Change::Freeze);
        assert_eq!(machine.resume(), Change::Thaw);
        assert_eq!(machine.state(), State::Running);
    }

    #[test]
    fn a025_cancel_ends_once_whatever_came_before() {
        let mut fresh = StateMachine::default();
        assert_eq!(fresh.cancel(), Change::Begin);
        assert_eq!(fresh.cancel(), Change::None);
        assert_eq!((fresh.resume(), fresh.suspend(), fresh.state()), (Change::None, Change::None, State::Canceling));
        let mut running = StateMachine::default();
        running.resume();
        assert_eq!(running.cancel(), Change::End);
        running.complete();
        assert_eq!((running.cancel(), running.state()), (Change::None, State::Completed));
    }
}
