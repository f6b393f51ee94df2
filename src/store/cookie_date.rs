//! The date of a cookie, in whatever form a server writes it (RFC 6265bis, 5.1.1).

const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Seconds since 1970.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        // Whatever is not known yet, in this order.
        if time.is_none()
            && let Some(found) = time_of(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1..=2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2..=4)
        {
            year = Some(found);
        }
    }
    let year = match year? {
        short @ 70..=99 => short + 1900,
        short @ 0..=69 => short + 2000,
        year => year,
    };
    let ([hour, minute, second], day, month) = (time?, day?, month?);
    let is_possible =
        year >= 1601 && day >= 1 && day <= days_in(year, month) && hour < 24 && minute < 60 && second < 60;
    is_possible.then(|| f64::from(days_before(year, month, day) * 24 + hour) * 3600.0 + f64::from(minute * 60 + second))
}

fn is_delimiter(octet: &u8) -> bool {
    matches!(octet, b'\t' | b' '..=b'/' | b';'..=b'@' | b'['..=b'`' | b'{'..=b'~')
}

/// So many digits, and nothing or no digit behind them.
fn number(token: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<i32> {
    let length = token.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let found = digits.contains(&length).then(|| str::from_utf8(&token[..length]))?;
    found.ok()?.parse().ok()
}

fn time_of(token: &[u8]) -> Option<[i32; 3]> {
    let mut fields = token.splitn(3, |&octet| octet == b':');
    let whole =
        |field: &[u8]| number(field, 1..=2).filter(|_| field.len() <= 2 && field.iter().all(u8::is_ascii_digit));
    Some([whole(fields.next()?)?, whole(fields.next()?)?, number(fields.next()?, 1..=2)?])
}

/// From 1, by its first three letters.
fn month_of(token: &[u8]) -> Option<i32> {
    let letters = token.get(..3)?;
    let month = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(letters))?;
    i32::try_from(month + 1).ok()
}

fn days_in(year: i32, month: i32) -> i32 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i32::from(is_leap),
        _ => 31,
    }
}

/// Days from 1970 on: years begin in March here, so that the leap day is a year's last.
fn days_before(year: i32, month: i32, day: i32) -> i32 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn r013_dates_in_every_form() {
        let same = [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "06 Nov 1994 08:49:37",
            "nov 06 94 8:49:37",
            "08:49:37 6 november 1994 of no zone",
            "1994 6 Nov 08:49:37.5",
            "6th=Nov;08:49:37a\t94",
        ];
        // 1994 is no day, for that has two digits at most.
        for date in same {
            assert_eq!(parse(date.as_bytes()), Some(784_111_777.0), "{date}");
        }
    }

    #[test]
    fn r013_years_of_two_digits_and_leap_days() {
        assert_eq!(parse(b"01 Jan 70 00:00:00"), Some(0.0));
        assert_eq!(parse(b"01 Jan 69 00:00:00"), Some(3_124_224_000.0));
        assert_eq!(parse(b"29 Feb 2000 00:00:00"), Some(951_782_400.0));
        assert_eq!(parse(b"01 Mar 2000 00:00:00"), Some(951_868_800.0));
        assert_eq!(parse(b"01 Jan 1601 00:00:00"), Some(-11_644_473_600.0));
        assert_eq!(parse(b"31 Dec 9999 23:59:59"), Some(253_402_300_799.0));
    }

    #[test]
    fn r013_what_is_no_date() {
        let no_dates = [
            "",
            "tomorrow",
            "06 Nov 1994",
            "06 Nov 08:49:37",
            "1994 Nov 08:49:37",
            "06 1994 08:49:37",
            "32 Nov 1994 08:49:37",
            "31 Nov 1994 08:49:37",
            "29 Feb 1900 08:49:37",
            "00 Nov 1994 08:49:37",
            "06 Nov 1600 08:49:37",
            "06 Nov 19945 08:49:37",
            "06 Nov 1994 24:00:00",
            "06 Nov 1994 08:60:00",
            "06 Nov 1994 08:49:60",
            "06 Nov 1994 08:49",
            "06 Nov 1994 008:49:37",
            "06 Növ 1994 08:49:37",
        ];
        for date in no_dates {
            assert_eq!(parse(date.as_bytes()), None, "{date}");
        }
    }
}
