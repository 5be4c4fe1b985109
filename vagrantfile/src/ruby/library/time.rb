# Dates and times out of people's texts.
module TimeText
  MONTHS = %w[jan feb mar apr may jun jul aug sep oct nov dec]
  ZONES = {
    "utc" => 0, "gmt" => 0, "z" => 0, "est" => -5, "edt" => -4, "cst" => -6, "cdt" => -5, "mst" => -7, "mdt" => -6, "pst" => -8,
    "pdt" => -7, "wet" => 0, "west" => 1, "bst" => 1, "cet" => 1, "cest" => 2, "eet" => 2, "eest" => 3, "msk" => 3, "jst" => 9
  }
  FORMS = {
    "F" => "%Y-%m-%d", "T" => "%H:%M:%S", "X" => "%H:%M:%S", "D" => "%m/%d/%y", "x" => "%m/%d/%y", "R" => "%H:%M", "r" => "%I:%M:%S %p",
    "c" => "%a %b %e %H:%M:%S %Y"
  }
  PARTS = {
    "Y" => '[+-]?\d+', "m" => '\d{1,2}', "d" => '\s?\d{1,2}', "e" => '\s?\d{1,2}', "H" => '\s?\d{1,2}', "k" => '\s?\d{1,2}',
    "I" => '\s?\d{1,2}', "l" => '\s?\d{1,2}', "M" => '\d{1,2}', "S" => '\d{1,2}', "y" => '\d{1,2}', "j" => '\d{1,3}', "L" => '\d{1,3}',
    "N" => '\d+', "b" => '[A-Za-z]+', "B" => '[A-Za-z]+', "h" => '[A-Za-z]+', "a" => '[A-Za-z]+', "A" => '[A-Za-z]+',
    "p" => '[AaPp]\.?[Mm]\.?', "P" => '[AaPp]\.?[Mm]\.?', "s" => '-?\d+', "z" => '(?:[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]+)',
    "Z" => '(?:[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]+)', "u" => '\d', "w" => '\d'
  }

  # Year, month, day, hour, minute, second, nanoseconds and seconds east of UTC; what is not said is nil.
  def self.parse(text)
    fields = [*date(text), *time(text)]
    raise ArgumentError, "no time information in #{text.inspect}" if fields[0, 4].compact.empty?

    fields
  end

  def self.date(text)
    case text
    when /(-?\d{4,})-(\d{1,2})-(\d{1,2})/, %r{(\d{4})[/.](\d{1,2})[/.](\d{1,2})}, /\b(\d{4})(\d{2})(\d{2})(?=T|\b)/
      [$1, $2, $3].map(&:to_i)
    when /\b(\d{1,2})(?:st|nd|rd|th)?[\s-]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?:[\s,-]+(-?\d{2,}))?/i
      [year_of($3), month_of($2), $1.to_i]
    when /\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?\b(?:\s*,?\s*(?:\d+:[\d:.]+\s+(?:[A-Z]+\s+)?)?(-?\d{4}))?/i
      [year_of($3), month_of($1), $2.to_i]
    when /(-?\d{4})-(\d{2})(?!\d)/
      [$1.to_i, $2.to_i, nil]
    when %r{\b(\d{1,2})/(\d{1,2})\b}
      [nil, $1.to_i, $2.to_i]
    else
      [nil, nil, nil]
    end
  end

  def self.time(text)
    clock = /(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*([ap]\.?m\b)?\s*(z\b|[a-z]{3,4}\b|[+-]\d{1,2}(?::?\d{2})?)?/i.match(text)
    clock ||= /T(\d{2})(\d{2})(\d{2})?(?:[.,](\d+))?()\s*(z\b|[+-]\d{2}(?::?\d{2})?)?/i.match(text)
    return [nil, nil, nil, nil, nil] unless clock

    hour = twelve(clock[1].to_i, clock[5].to_s)
    [hour, clock[2].to_i, clock[3].to_i, fraction(clock[4]), offset(clock[6] || text[/\b(UTC|GMT)\b/])]
  end

  def self.by_format(text, format)
    names = []
    source = pattern(format, names)
    found = /\A#{source}/.match(text) or raise ArgumentError, "invalid date or strptime format - `#{text}' `#{format}'"
    values = names.zip(found.captures).to_h
    return [values["s"].to_i] if values["s"]

    day = values["d"] || values["e"]
    return in_year(values["Y"].to_i, values["j"].to_i) if values["j"]

    hour = values["H"] || values["k"] || values["I"] || values["l"]
    month = values["m"]&.to_i || month_of(values["b"] || values["B"] || values["h"])
    [
      values["Y"]&.to_i || year_of(values["y"]), month, day&.to_i,
      hour && twelve(hour.to_i, (values["p"] || values["P"]).to_s), values["M"]&.to_i, values["S"]&.to_i,
      fraction(values["L"] || values["N"]), offset(values["z"] || values["Z"])
    ]
  end

  # The date of a day that is counted from the year's first.
  def self.in_year(year, day)
    leap = (year % 4).zero? && (!(year % 100).zero? || (year % 400).zero?)
    lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    month = 1
    lengths.each do |length|
      break if day <= length

      day -= length
      month += 1
    end
    [year, month, day]
  end

  def self.pattern(format, names)
    format.scan(/%[-0^_:#]*\d*([A-Za-z%])|(\s+)|([^%\s]+)/).map do |directive, space, text|
      next '\s*' if space
      next Regexp.escape(text) if text
      next "%" if directive == "%"
      next pattern(FORMS[directive], names) if FORMS.key?(directive)

      names << directive
      "(#{PARTS.fetch(directive)})"
    end.join
  rescue KeyError
    raise ArgumentError, "invalid date or strptime format - `#{format}'"
  end

  def self.year_of(text)
    return if text.nil?
    return text.to_i if text.delete("-").size > 2

    text.to_i + (text.to_i < 69 ? 2000 : 1900)
  end

  def self.month_of(name)
    at = name && MONTHS.index(name.downcase[0, 3])
    at && at + 1
  end

  def self.twelve(hour, half)
    return hour if half.empty?

    hour % 12 + (half.downcase.start_with?("p") ? 12 : 0)
  end

  def self.fraction(digits)
    digits && digits.ljust(9, "0")[0, 9].to_i
  end

  def self.offset(zone)
    return if zone.nil?

    numbers = /\A([+-])(\d{1,2}):?(\d{2})?\z/.match(zone)
    return ZONES[zone.downcase]&.*(3600) unless numbers

    (numbers[2].to_i * 3600 + numbers[3].to_i * 60) * (numbers[1] == "-" ? -1 : 1)
  end
end
