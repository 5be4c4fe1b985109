# Fractions and complex numbers, as far as they are reached by `Rational(1, 3)`, `3r`, `2i` and the conversions of other numbers.
class Rational < Numeric
  attr_reader :numerator, :denominator

  def self.convert(numerator, denominator = 1)
    raise TypeError, "can't convert nil into Rational" if numerator.nil? || denominator.nil?
    return part(numerator) if denominator == 1

    part(numerator) / part(denominator)
  end

  def self.part(value)
    case value
    when Rational then value
    when Integer then new(value, 1)
    when Float then of_float(value)
    when String then of_text(value) || raise(ArgumentError, "invalid value for convert(): #{value.inspect}")
    else raise TypeError, "can't convert #{value.class} into Rational"
    end
  end

  def self.reduced(numerator, denominator)
    raise ZeroDivisionError, "divided by 0" if denominator.zero?

    common = numerator.gcd(denominator)
    common = -common if denominator.negative?
    new(numerator / common, denominator / common)
  end

  def self.of_float(value)
    raise FloatDomainError, value.to_s unless value.finite?

    bottom = 1
    until value == value.floor
      value *= 2
      bottom *= 2
    end
    reduced(value.to_i, bottom)
  end

  def self.of_text(text)
    found = text.strip.match(%r{\A([-+]?\d[\d_]*)(?:\.(\d+))?(?:/(\d+))?})
    return nil unless found

    digits = found[2].to_s
    reduced("#{found[1]}#{digits}".to_i, 10**digits.size * (found[3] || 1).to_i)
  end

  def initialize(numerator, denominator)
    @numerator = numerator
    @denominator = denominator
  end

  def +(other)
    combine(:+, other) { |it| Rational.reduced(numerator * it.denominator + it.numerator * denominator, denominator * it.denominator) }
  end

  def -(other)
    combine(:-, other) { |it| Rational.reduced(numerator * it.denominator - it.numerator * denominator, denominator * it.denominator) }
  end

  def *(other)
    combine(:*, other) { |it| Rational.reduced(numerator * it.numerator, denominator * it.denominator) }
  end

  def /(other)
    combine(:/, other) { |it| Rational.reduced(numerator * it.denominator, denominator * it.numerator) }
  end

  alias quo /

  def %(other)
    combine(:%, other) { |it| self - it * (self / it).floor }
  end

  def **(other)
    return to_f**other unless other.is_a?(Integer)

    other.negative? ? Rational.reduced(denominator**-other, numerator**-other) : Rational.new(numerator**other, denominator**other)
  end

  def <=>(other)
    return to_f <=> other if other.is_a?(Float)
    return nil unless other.is_a?(Integer) || other.is_a?(Rational)

    numerator * other.denominator <=> other.numerator * denominator
  end

  def ==(other)
    (self <=> other) == 0
  end

  def <(other)
    compared(other).negative?
  end

  def >(other)
    compared(other).positive?
  end

  def <=(other)
    !compared(other).positive?
  end

  def >=(other)
    !compared(other).negative?
  end

  def coerce(other)
    other.is_a?(Float) ? [other, to_f] : [Rational.part(other), self]
  end

  def -@
    Rational.new(-numerator, denominator)
  end

  def abs
    Rational.new(numerator.abs, denominator)
  end

  def zero?
    numerator.zero?
  end

  def positive?
    numerator.positive?
  end

  def negative?
    numerator.negative?
  end

  def integer?
    false
  end

  def to_r
    self
  end

  def rationalize(*)
    self
  end

  def to_i
    numerator.negative? ? -(-numerator / denominator) : numerator / denominator
  end

  alias to_int to_i

  def truncate(digits = 0)
    scaled(digits, &:to_i)
  end

  def to_f
    numerator.fdiv(denominator)
  end

  def floor(digits = 0)
    scaled(digits) { |it| it.numerator / it.denominator }
  end

  def ceil(digits = 0)
    scaled(digits) { |it| -(-it.numerator / it.denominator) }
  end

  def round(digits = 0, **)
    scaled(digits) { |it| (it.numerator.abs * 2 + it.denominator) / (it.denominator * 2) * (it.negative? ? -1 : 1) }
  end

  def hash
    [numerator, denominator].hash
  end

  def eql?(other)
    other.is_a?(Rational) && self == other
  end

  def to_s
    "#{numerator}/#{denominator}"
  end

  def inspect
    "(#{self})"
  end

  private

  def combine(operator, other)
    case other
    when Integer, Rational then yield Rational.part(other)
    when Float then to_f.public_send(operator, other)
    else
      raise TypeError, "#{other.nil? ? "nil" : other.class} can't be coerced into Rational" unless other.respond_to?(:coerce)

      one, two = other.coerce(self)
      one.public_send(operator, two)
    end
  end

  def compared(other)
    (self <=> other) || raise(ArgumentError, "comparison of Rational with #{other.inspect} failed")
  end

  def scaled(digits)
    return yield(self) if digits.zero?

    unit = 10**digits.abs
    return yield(self / unit) * unit if digits.negative?

    Rational.reduced(yield(self * unit), unit)
  end
end

class Complex < Numeric
  attr_reader :real, :imaginary

  alias imag imaginary

  def self.convert(real, imaginary = 0)
    return real if real.is_a?(Complex) && imaginary == 0

    new(real, imaginary)
  end

  def self.rectangular(real, imaginary = 0)
    new(real, imaginary)
  end

  def initialize(real, imaginary)
    @real = real
    @imaginary = imaginary
  end

  def +(other)
    other = part(other)
    Complex.new(real + other.real, imaginary + other.imaginary)
  end

  def -(other)
    other = part(other)
    Complex.new(real - other.real, imaginary - other.imaginary)
  end

  def *(other)
    other = part(other)
    Complex.new(real * other.real - imaginary * other.imaginary, real * other.imaginary + imaginary * other.real)
  end

  def /(other)
    other = part(other)
    square = other.real * other.real + other.imaginary * other.imaginary
    top = self * other.conjugate
    Complex.new(Rational(top.real) / square, Rational(top.imaginary) / square)
  end

  def **(other)
    (1..other).reduce(Complex.new(1, 0)) { |product, _| product * self }
  end

  def -@
    Complex.new(-real, -imaginary)
  end

  def ==(other)
    other = part(other)
    real == other.real && imaginary == other.imaginary
  end

  def coerce(other)
    [part(other), self]
  end

  def conjugate
    Complex.new(real, -imaginary)
  end

  def abs
    Math.sqrt((real * real + imaginary * imaginary).to_f)
  end

  alias magnitude abs

  def rectangular
    [real, imaginary]
  end

  def to_c
    self
  end

  def to_s
    sign = imaginary.negative? ? "-" : "+"
    "#{real}#{sign}#{imaginary.abs}i"
  end

  def inspect
    "(#{self})"
  end

  private

  def part(other)
    other.is_a?(Complex) ? other : Complex.new(other, 0)
  end
end
