//! Header fields as an application writes them: any case, any order, and none that could break the message.

use super::{Invalid, Text};

#[derive(Clone, Debug)]
pub struct Field {
    name: Text,
    value: Text,
}

impl Field {
    pub(crate) const fn new(name: Text, value: Text) -> Self {
        Self { name, value }
    }

    pub(crate) fn name(&self) -> &Text {
        &self.name
    }

    pub(crate) fn value(&self) -> &Text {
        &self.value
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.as_str().eq_ignore_ascii_case(name)
    }
}

#[derive(Default, Debug)]
pub struct Headers {
    fields: Vec<Field>,
    /// Names that must not go out, whoever adds them.
    suppressed: Vec<Text>,
    /// Joined values that were lent; forgotten with every change.
    joined: parking_lot::Mutex<Vec<Field>>,
}

impl Clone for Headers {
    fn clone(&self) -> Self {
        Self { fields: self.fields.clone(), suppressed: self.suppressed.clone(), joined: Default::default() }
    }
}

/// Fields that would change where a message ends.
const REFUSED: [&str; 1] = ["transfer-encoding"];
/// Fields that a request cannot do without where the library sends them.
const NEEDED: [&str; 2] = ["host", "content-length"];

impl Headers {
    /// In place of every field of that name.
    pub(crate) fn set(&mut self, name: &str, value: &[u8]) -> Result<(), Invalid> {
        let field = checked(name, value)?;
        self.remove(name);
        self.fields.push(field);
        Ok(())
    }

    /// Beside every field of that name.
    pub(crate) fn add(&mut self, name: &str, value: &[u8]) -> Result<(), Invalid> {
        let field = checked(name, value)?;
        self.suppressed.retain(|suppressed| !suppressed.as_str().eq_ignore_ascii_case(name));
        self.joined.get_mut().clear();
        self.fields.push(field);
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.suppressed.retain(|suppressed| !suppressed.as_str().eq_ignore_ascii_case(name));
        self.drop_field(name);
    }

    /// Takes the field away without saying anything about defaults.
    pub(crate) fn drop_field(&mut self, name: &str) {
        self.retain(|other| !other.eq_ignore_ascii_case(name));
    }

    pub(crate) fn suppress(&mut self, name: &str) -> Result<(), Invalid> {
        checked(name, b"")?;
        if NEEDED.iter().any(|needed| needed.eq_ignore_ascii_case(name)) {
            return Err(Invalid);
        }
        self.remove(name);
        self.suppressed.push(Text::new(name));
        Ok(())
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.joined.get_mut().clear();
        self.fields.retain(|field| keep(field.name().as_str()));
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.is(name))
    }

    /// Takes a field from elsewhere, unless it is here already or unwanted.
    pub(crate) fn add_default(&mut self, field: &Field) {
        if self.admits(field.name().as_str()) {
            self.fields.push(field.clone());
        }
    }

    /// Whether a field of this name may come from elsewhere: none is here, and it is not unwanted.
    pub(crate) fn admits(&self, name: &str) -> bool {
        !self.suppresses(name) && !self.contains(name)
    }

    pub(crate) fn suppresses(&self, name: &str) -> bool {
        self.suppressed.iter().any(|suppressed| suppressed.as_str().eq_ignore_ascii_case(name))
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn get_index(&self, index: usize) -> Option<&Field> {
        self.fields.get(index)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter()
    }

    /// All values of a name as one, which lives until the next change.
    pub(crate) fn joined(&self, name: &str) -> Option<Text> {
        let mut joined = self.joined.lock();
        if let Some(known) = joined.iter().find(|field| field.is(name)) {
            return Some(known.value().clone());
        }
        let values: Vec<_> = self.fields.iter().filter(|field| field.is(name)).map(|field| field.value()).collect();
        let value = match values.as_slice() {
            [] => return None,
            [one] => (*one).clone(),
            many => Text::from(many.iter().map(|value| value.as_str()).collect::<Vec<_>>().join(", ")),
        };
        joined.push(Field::new(Text::new(name), value.clone()));
        Some(value)
    }
}

fn checked(name: &str, value: &[u8]) -> Result<Field, Invalid> {
    http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| Invalid)?;
    http::HeaderValue::from_bytes(value).map_err(|_| Invalid)?;
    let blank = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b' ' | b'\t'));
    if blank(value.first()) || blank(value.last()) || REFUSED.iter().any(|refused| refused.eq_ignore_ascii_case(name)) {
        return Err(Invalid);
    }
    Ok(Field::new(Text::new(name), Text::from_field(value)))
}
