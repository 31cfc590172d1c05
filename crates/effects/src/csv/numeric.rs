//! Sum, smallest and largest of numbers: whole ones exactly, others with a compensated sum.

use super::number::Number;

/// Sum of doubles with Neumaier's compensation: its error does not grow with the number of summands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FloatSum {
    sum: f64,
    lost: f64,
}

impl FloatSum {
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost += if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }

    pub(crate) fn total(self) -> f64 {
        // Past the range of a double the compensation is not a number; the sum says infinite.
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

/// What is known of the numbers of a column or group.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numeric {
    pub(crate) integers: u64,
    pub(crate) floats: u64,
    integer_sum: i128,
    integer_sum_is_lost: bool,
    integer_min: i128,
    integer_max: i128,
    float_sum: FloatSum,
    float_min: f64,
    float_max: f64,
}

/// A number as an answer carries it: exactly as text, and as near as a double comes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) value: f64,
    pub(crate) text: String,
}

impl Shown {
    fn integer(value: i128) -> Self {
        Self { value: value as f64, text: value.to_string() }
    }

    pub(crate) fn float(value: f64) -> Self {
        Self { value, text: value.to_string() }
    }
}

impl Numeric {
    #[inline]
    pub(crate) fn add(&mut self, number: Number) {
        match number {
            Number::Integer(value) => self.add_integer(i128::from(value)),
            Number::Wide(value) => self.add_integer(value),
            Number::Float(value) => {
                if self.floats == 0 {
                    (self.float_min, self.float_max) = (value, value);
                } else {
                    self.float_min = self.float_min.min(value);
                    self.float_max = self.float_max.max(value);
                }
                self.floats += 1;
                self.float_sum.add(value);
            }
        }
    }

    #[inline]
    fn add_integer(&mut self, value: i128) {
        if self.integers == 0 {
            (self.integer_min, self.integer_max) = (value, value);
        } else {
            self.integer_min = self.integer_min.min(value);
            self.integer_max = self.integer_max.max(value);
        }
        self.integers += 1;
        match self.integer_sum.checked_add(value) {
            Some(sum) => self.integer_sum = sum,
            None => {
                // Only numbers of 38 digits come here.
                self.integer_sum_is_lost = true;
                self.float_sum.add(value as f64);
            }
        }
    }

    /// How many numbers.
    pub(crate) fn count(&self) -> u64 {
        self.integers + self.floats
    }

    /// Their sum; `None` without any.
    pub(crate) fn sum(&self) -> Option<Shown> {
        if self.count() == 0 {
            return None;
        }
        if self.floats == 0 && !self.integer_sum_is_lost {
            return Some(Shown::integer(self.integer_sum));
        }
        let mut sum = self.float_sum;
        sum.add(self.integer_sum as f64);
        Some(Shown::float(sum.total()))
    }

    /// Their mean.
    pub(crate) fn mean(&self) -> Option<f64> {
        self.sum().map(|sum| sum.value / self.count() as f64)
    }

    /// The smallest.
    pub(crate) fn min(&self) -> Option<Shown> {
        self.extreme(self.integer_min, self.float_min, |integer, float| integer <= float)
    }

    /// The largest.
    pub(crate) fn max(&self) -> Option<Shown> {
        self.extreme(self.integer_max, self.float_max, |integer, float| integer >= float)
    }

    fn extreme(&self, integer: i128, float: f64, integer_wins: fn(f64, f64) -> bool) -> Option<Shown> {
        match (self.integers > 0, self.floats > 0) {
            (false, false) => None,
            (true, false) => Some(Shown::integer(integer)),
            (true, true) if integer_wins(integer as f64, float) => Some(Shown::integer(integer)),
            (_, true) => Some(Shown::float(float)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[Number]) -> Numeric {
        let mut numeric = Numeric::default();
        numbers.iter().for_each(|number| numeric.add(*number));
        numeric
    }

    #[test]
    fn whole_numbers_are_summed_exactly() {
        let sum = of(&[Number::Integer(i64::MAX); 5]).sum().expect("numbers");
        assert_eq!(sum.text, "46116860184273879035");
        let wide = 10_i128.pow(38) - 1;
        let sum = of(&[Number::Wide(wide); 3]).sum().expect("numbers");
        assert!((sum.value - 3e38).abs() < 1e24, "{sum:?}");
    }

    #[test]
    fn doubles_do_not_lose_small_summands() {
        let mut numbers = vec![Number::Float(1e16)];
        numbers.extend([Number::Float(0.1); 1000]);
        numbers.push(Number::Float(-1e16));
        assert!((of(&numbers).sum().expect("numbers").value - 100.0).abs() < 1e-9);
        assert_eq!(of(&[Number::Float(1e308); 3]).sum().expect("numbers").value, f64::INFINITY);
    }

    #[test]
    fn extremes_go_across_whole_and_broken_numbers() {
        let numeric = of(&[Number::Integer(2), Number::Float(1.5), Number::Float(2.5), Number::Integer(-3)]);
        let texts = [numeric.min(), numeric.max()].map(|shown| shown.expect("numbers").text);
        assert_eq!(texts, ["-3", "2.5"]);
        assert_eq!(numeric.mean(), Some(0.75));
        assert_eq!(of(&[]).sum(), None);
    }
}
