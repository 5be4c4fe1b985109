# Commands with streams to all sides. Such a command starts when the file first reads from it, or asks how it ended: until then what
# is written to it is gathered.
module Open3
  def self.capture3(...) = HostCommands.capture3(...)
  def self.capture2(...) = HostCommands.capture2(...)
  def self.capture2e(...) = HostCommands.capture2e(...)
  def self.pipeline(...) = HostCommands.pipeline(...)
  def self.pipeline_r(...) = HostCommands.pipeline(...)
  def self.pipeline_start(...) = HostCommands.pipeline(...)

  class Started
    def initialize(words, options)
      HostCommands.ask(*words, **options)
      @words = words
      @options = options
      @input = +""
    end

    def write(text)
      @input << text
    end

    def outcome
      @outcome ||= Open3.capture3(*@words, **@options, stdin_data: @input)
    end
  end

  class Input
    def initialize(command)
      @command = command
    end

    def write(*texts)
      texts.each { |text| @command.write(text.to_s) }
      texts.sum { |text| text.to_s.bytesize }
    end

    alias print write
    alias syswrite write

    def <<(text)
      write(text)
      self
    end

    def puts(*lines)
      lines.flatten.each { |line| write(line.to_s.end_with?("\n") ? line : "#{line}\n") }
      nil
    end

    def close
      @closed = true
      nil
    end

    alias close_write close

    def closed?
      @closed == true
    end

    def sync=(value)
      value
    end

    def flush
      self
    end
  end

  # A stream of the command's that Ruby reads like any other.
  class Reader
    def initialize(&text)
      @text = text
    end

    def stream
      @stream ||= StringIO.new(@text.call)
    end

    # Kernel has methods of some of these names.
    %i[close each each_line eof? getc gets read readline readlines].each do |name|
      define_method(name) { |*arguments, **keywords, &block| stream.public_send(name, *arguments, **keywords, &block) }
    end

    def method_missing(name, *arguments, &block)
      stream.public_send(name, *arguments, &block)
    end

    def respond_to_missing?(name, _all = false)
      StringIO.method_defined?(name)
    end
  end

  class Waiter
    def initialize(command)
      @command = command
    end

    def value
      @command.outcome.last
    end

    def pid
      0
    end

    def join(*)
      value
      self
    end

    def alive?
      false
    end
  end

  def self.popen3(*words, **options, &block)
    command = Started.new(words, options)
    opened(command, [Reader.new { command.outcome[0] }, Reader.new { command.outcome[1] }], &block)
  end

  def self.popen2(*words, **options, &block)
    command = Started.new(words, options)
    opened(command, [Reader.new { command.outcome[0] }], &block)
  end

  def self.popen2e(*words, **options, &block)
    command = Started.new(words, options)
    opened(command, [Reader.new { command.outcome.first(2).join }], &block)
  end

  def self.opened(command, readers)
    streams = [Input.new(command), *readers, Waiter.new(command)]
    return streams unless block_given?

    result = yield(*streams)
    command.outcome
    result
  end
end

module PTY
  def self.spawn(*words)
    command = Open3::Started.new(words, {})
    streams = [Open3::Reader.new { command.outcome.first(2).join }, Open3::Input.new(command), 0]
    return streams unless block_given?

    yield(*streams)
    command.outcome
    nil
  end
end
