//! `multipleOf` in decimals, as people write numbers: 10^23 is a multiple of 10, and no multiple of 2^53 + 1 is taken
//! for one of 2^53. The library divides floats, which have lost those digits.

use jsonschema::{Keyword, ValidationError, paths::Location};
use serde_json::{Map, Number, Value};

/// A number without its sign: `digits` times ten to the power of `exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decimal {
    digits: u64,
    exponent: i32,
}

impl Decimal {
    /// Of a float its shortest text that reads as the same float; none has more digits than fit.
    fn of(number: &Number) -> Option<Self> {
        if let Some(integer) = number.as_u64().or(number.as_i64().map(i64::unsigned_abs)) {
            return Some(Self { digits: integer, exponent: 0 });
        }
        let text = format!("{:e}", number.as_f64()?.abs());
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent = exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?;
        Some(Self { digits: format!("{whole}{fraction}").parse().ok()?, exponent })
    }

    fn is_multiple_of(self, divisor: Self) -> bool {
        if self.digits == 0 || divisor.digits == 0 {
            return self.digits == 0;
        }
        let modulus = u128::from(divisor.digits);
        let mut rest = u128::from(self.digits);
        // Zeros behind the value, one by one: a product of two numbers of 64 bits has 128. A float has 632 at most.
        for _ in divisor.exponent..self.exponent {
            rest = rest % modulus * 10;
        }
        // Zeros behind the divisor, which the value then needs too.
        for _ in self.exponent..divisor.exponent {
            if rest % 10 != 0 {
                return false;
            }
            rest /= 10;
        }
        rest % modulus == 0
    }
}

struct MultipleOf {
    divisor: Decimal,
    shown: String,
}

impl<'i> Keyword<'i> for MultipleOf {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) {
            return Ok(());
        }
        Err(ValidationError::custom(format!("expected a multiple of {}, found {instance}", self.shown)))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        let Value::Number(number) = instance else { return true };
        Decimal::of(number).is_some_and(|value| value.is_multiple_of(self.divisor))
    }
}

/// The keyword, of a schema that has passed the metaschema: the divisor is a number above zero.
pub(crate) fn multiple_of<'a>(
    _: &'a Map<String, Value>,
    divisor: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>> {
    match divisor.as_number().and_then(Decimal::of) {
        Some(decimal) => Ok(Box::new(MultipleOf { divisor: decimal, shown: divisor.to_string() })),
        None => Err(ValidationError::custom("expected a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_multiple(value: &str, divisor: &str) -> bool {
        let [value, divisor] = [value, divisor].map(|text| Decimal::of(&text.parse().expect("a number")));
        value.expect("a decimal").is_multiple_of(divisor.expect("a decimal"))
    }

    #[test]
    fn numbers_are_divided_as_they_are_written() {
        for (value, divisor) in [
            ("4.35", "0.01"),
            ("1.1", "0.1"),
            ("-19.99", "0.01"),
            ("1e23", "10"),
            ("1e308", "0.5"),
            ("1.7976931348623157e308", "5e-324"),
            ("18446744073709551615", "5"),
            ("18014398509481986", "9007199254740993"),
            ("-9223372036854775808", "2"),
            ("0", "1e300"),
            ("-0.0", "3"),
            ("1e-7", "1e-7"),
            ("1e22", "1e21"),
        ] {
            assert!(is_multiple(value, divisor), "{value} / {divisor}");
        }
        for (value, divisor) in [
            ("0.075", "0.01"),
            ("0.30000000000000004", "0.1"),
            ("9007199254740992", "9007199254740993"),
            ("1e-7", "1"),
            ("5e-324", "1e308"),
            ("15", "1e1"),
            ("18446744073709551614", "5"),
            ("1e22", "3"),
        ] {
            assert!(!is_multiple(value, divisor), "{value} / {divisor}");
        }
    }
}
