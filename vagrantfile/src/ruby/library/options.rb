# Command lines.
class OptionParser
  class ParseError < RuntimeError
    def initialize(*words)
      @words = words
      super(words.join(" "))
    end

    def message
      "#{reason}: #{@words.join(" ")}"
    end

    alias to_s message

    def reason
      "parse error"
    end
  end

  class InvalidOption < ParseError
    def reason
      "invalid option"
    end
  end

  class MissingArgument < ParseError
    def reason
      "missing argument"
    end
  end

  class InvalidArgument < ParseError
    def reason
      "invalid argument"
    end
  end

  attr_accessor :banner, :program_name, :version

  def initialize(banner = nil)
    @banner = banner || "Usage: vagrant [options]"
    @options = []
    @texts = []
    yield self if block_given?
  end

  def on(*arguments, &block)
    short = arguments.find { |it| it.is_a?(String) && it.match?(/\A-[^-]/) }
    long = arguments.find { |it| it.is_a?(String) && it.start_with?("--") }
    kind = arguments.find { |it| !it.is_a?(String) && !it.is_a?(Symbol) }
    described = [long, short].compact.join(" ")
    option = {
      short: short && short[0, 2],
      long: long && long[/\A--(?:\[no-\])?([\w-]+)/, 1],
      negatable: long.to_s.start_with?("--[no-]"),
      argument: argument_of(short, long, described),
      kind: kind,
      block: block,
    }
    @options << option
    @texts << summary(arguments.select { |it| it.is_a?(String) })
    self
  end

  alias def_option on
  alias define on

  def on_tail(*arguments, &block)
    on(*arguments, &block)
  end

  def on_head(*arguments, &block)
    on(*arguments, &block)
  end

  def separator(text = "")
    @texts << text
  end

  def parse(arguments = ARGV, into: nil)
    parse!(arguments.dup, into: into)
  end

  def parse!(arguments = ARGV, into: nil)
    rest = []
    until arguments.empty?
      word = arguments.shift
      if word == "--"
        rest.concat(arguments)
        arguments.clear
      elsif word.start_with?("--")
        name, value = word[2..-1].split("=", 2)
        take(find_long(name, word), value, arguments, name.start_with?("no-"), word, into)
      elsif word.match?(/\A-./)
        option = @options.find { |it| it[:short] == word[0, 2] } || raise(InvalidOption, word)
        value = word.length > 2 ? word[2..-1] : nil
        take(option, value, arguments, false, word, into)
      else
        rest << word
      end
    end
    arguments.replace(rest)
    arguments
  end

  alias order! parse!
  alias permute! parse!

  def help
    ([@banner] + @texts).join("\n") + "\n"
  end

  alias to_s help

  private

  def argument_of(short, long, described)
    return :optional if described.match?(/[ =]\[/) || long.to_s.match?(/\w\[=?/) || short.to_s.match?(/\A-.\[/)
    return :required if short.to_s.match?(/\A-.\S/)

    named = described.match?(/[ =]\S/) && described.match?(/(?:--[\w-]+|\A-\w)[ =]?[A-Z<]|--[\w-]+ [a-z]|=/)
    named ? :required : :none
  end

  # One option's lines of the help, the texts in a column of their own.
  def summary(words)
    flags, texts = words.partition { |it| it.start_with?("-") }
    long, short = flags.partition { |it| it.start_with?("--") }
    left = "#{"    " if short.empty?}#{(short + long).join(", ")}"
    return "    #{left}" if texts.empty?

    first = left.length > 32 ? "    #{left}\n#{" " * 37}#{texts.first}" : "    #{left.ljust(32)} #{texts.first}"
    [first, *texts.drop(1).map { |text| " " * 37 + text }].join("\n")
  end

  def find_long(name, word)
    @options.find { |it| it[:long] == name || (it[:negatable] && "no-#{it[:long]}" == name) } || raise(InvalidOption, word)
  end

  def take(option, value, arguments, negative, word, into)
    if option[:argument] == :required && value.nil?
      raise MissingArgument, word if arguments.empty?
      value = arguments.shift
    elsif option[:argument] == :optional && value.nil? && arguments.first && !arguments.first.start_with?("-")
      value = arguments.shift
    end
    value = !(negative && option[:negatable]) if option[:argument] == :none
    value = convert(option[:kind], value, word)
    option[:block]&.call(value)
    into[(option[:long] || option[:short][1..-1]).to_sym] = value if into
  end

  def convert(kind, value, word)
    return value unless value.is_a?(String)
    if kind == Integer then Integer(value)
    elsif kind == Float then Float(value)
    elsif kind == Array then value.split(",")
    elsif kind == Symbol then value.to_sym
    elsif kind.is_a?(Array)
      kind.find { |it| it.to_s == value } || raise(InvalidArgument, "#{word} #{value}")
    else value
    end
  rescue ArgumentError
    raise InvalidArgument, "#{word} #{value}"
  end
end

class GetoptLong
  NO_ARGUMENT = 0
  REQUIRED_ARGUMENT = 1
  OPTIONAL_ARGUMENT = 2
  REQUIRE_ORDER = 0
  PERMUTE = 1
  RETURN_IN_ORDER = 2

  class Error < StandardError; end
  class InvalidOption < Error; end
  class MissingArgument < Error; end

  attr_accessor :quiet, :ordering

  def initialize(*options)
    @options = options
    @ordering = PERMUTE
  end

  def each
    rest = []
    until ARGV.empty?
      word = ARGV.shift
      if word == "--"
        rest.concat(ARGV)
        ARGV.clear
      elsif word.match?(/\A-./)
        name, value = word.split("=", 2)
        option = @options.find { |it| it[0..-2].include?(name) }
        raise InvalidOption, "unrecognized option `#{name}'" unless option
        value ||= ARGV.shift if option.last == REQUIRED_ARGUMENT
        raise MissingArgument, "option `#{name}' requires an argument" if option.last == REQUIRED_ARGUMENT && value.nil?
        yield option.first, value.to_s
      else
        rest << word
      end
    end
    ARGV.replace(rest)
    self
  end

  alias each_option each
end
