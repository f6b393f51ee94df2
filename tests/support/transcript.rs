//! The lines that a recorder writes.

#[derive(Default)]
pub(super) struct Transcript(Vec<Line>);

pub(super) struct Line {
    task: Option<u64>,
    content: Content,
}

enum Content {
    Text(String),
    Data(Vec<u8>),
    Sum(Sum),
    File(Vec<u8>),
}

/// Where a running sum stands.
pub(super) struct Sum {
    pub(super) slot: &'static str,
    pub(super) total: i64,
    pub(super) expected: i64,
}

impl Line {
    pub(super) fn is_of(&self, task: u64) -> bool {
        self.task == Some(task)
    }

    pub(super) fn shown(&self) -> String {
        let task = self.task.unwrap_or_default();
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Data(bytes) => format!("did_receive_data {task} {}", shown(bytes)),
            Content::Sum(sum) => format!("{} {task} {} {}", sum.slot, sum.total, sum.expected),
            Content::File(bytes) => format!("did_finish_downloading {task} {}", shown(bytes)),
        }
    }

    fn sum_of(&self, slot: &str) -> Option<&Sum> {
        if let Content::Sum(sum) = &self.content { Some(sum).filter(|sum| sum.slot == slot) } else { None }
    }
}

impl Transcript {
    pub(super) fn lines(&self) -> &[Line] {
        &self.0
    }

    pub(super) fn add(&mut self, task: Option<u64>, text: String) {
        self.0.push(Line { task, content: Content::Text(text) });
    }

    pub(super) fn add_file(&mut self, task: u64, bytes: Vec<u8>) {
        self.0.push(Line { task: Some(task), content: Content::File(bytes) });
    }

    /// Makes chunks that follow one another one line, for how a body is cut is nobody's promise.
    pub(super) fn add_data(&mut self, task: u64, bytes: &[u8]) {
        match self.0.iter_mut().rev().find(|line| line.is_of(task)) {
            Some(Line { content: Content::Data(before), .. }) => before.extend_from_slice(bytes),
            _ => self.0.push(Line { task: Some(task), content: Content::Data(bytes.to_vec()) }),
        }
    }

    /// Makes sums that follow one another one line, for how many there are is nobody's promise.
    pub(super) fn add_sum(&mut self, task: u64, bytes: i64, sum: Sum) {
        let mut of_task = self.0.iter().rev().filter(|line| line.is_of(task));
        let before = of_task.find_map(|line| line.sum_of(sum.slot)).map(|before| before.total);
        let adds_up = before.is_some_and(|before| before + bytes == sum.total);
        // What is sent again or starts over counts from 0, and what was resumed begins with no bytes of its own.
        let starts = bytes == sum.total || (bytes == 0 && before.is_none());
        if bytes < 0 || !(adds_up || starts) {
            let Sum { slot, total, .. } = sum;
            self.add(Some(task), format!("{slot} {task}: {bytes} more than {before:?} is not {total}"));
        }
        let last = self.0.iter_mut().rev().find(|line| line.is_of(task));
        match last {
            Some(Line { content: Content::Sum(last), .. })
                if adds_up && last.slot == sum.slot && last.expected == sum.expected =>
            {
                *last = sum;
            }
            _ => self.0.push(Line { task: Some(task), content: Content::Sum(sum) }),
        }
    }

    /// The bytes that a task received.
    pub(super) fn data_of(&self, task: u64) -> Vec<u8> {
        let of_task = self.0.iter().filter(|line| line.is_of(task));
        let data = of_task.filter_map(|line| if let Content::Data(bytes) = &line.content { Some(bytes) } else { None });
        data.flatten().copied().collect()
    }

    /// The file that a task downloaded.
    pub(super) fn file_of(&self, task: u64) -> Option<Vec<u8>> {
        let mut of_task = self.0.iter().filter(|line| line.is_of(task));
        of_task.find_map(|line| if let Content::File(bytes) = &line.content { Some(bytes.clone()) } else { None })
    }
}

/// Short bytes in quotes, of long ones only how many.
pub(super) fn shown(bytes: &[u8]) -> String {
    if bytes.len() > 64 { format!("{} bytes", bytes.len()) } else { format!("\"{}\"", bytes.escape_ascii()) }
}
