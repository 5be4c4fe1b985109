# What is read and written piece by piece: sockets, and pipes to commands. The host opens them, and decides.
module HostStreaming
  def self.select(reads, writes = nil, _errors = nil, seconds = nil)
    limit = seconds && HostSockets.now + seconds
    loop do
      ready = (reads || []).select { |stream| stream.ready?(0) }
      return [ready, writes || [], []] unless ready.empty? && (writes || []).empty?
      return if limit && HostSockets.now >= limit

      reads&.size == 1 ? reads.first.ready?(limit ? limit - HostSockets.now : nil) : sleep(0.01)
    end
  end

  def take(handle)
    @handle = handle
    @read = +""
  end

  def handle
    @handle or raise IOError, "not opened for reading"
  end

  # Where it is written to, which is somewhere else for pipes.
  def writer
    handle
  end

  def ready?(seconds)
    !@read.empty? || handle.ready?(seconds)
  end

  def write(*texts)
    texts.sum { |text| writer.write(text.to_s) }
  end

  def print(*texts)
    write(*texts)
    nil
  end

  def putc(character)
    write(character.is_a?(Integer) ? character.chr : character[0])
    character
  end

  def syswrite(text)
    write(text)
  end

  def write_nonblock(text, **)
    write(text)
  end

  def <<(text)
    write(text)
    self
  end

  def puts(*lines)
    lines = [""] if lines.empty?
    lines.flatten.each { |line| write(line.to_s.end_with?("\n") ? line : "#{line}\n") }
    nil
  end

  def printf(*values)
    write(format(*values))
    nil
  end

  def readpartial(size)
    more or raise EOFError, "end of file reached" if @read.empty?
    @read.slice!(0, size)
  end

  def sysread(size)
    readpartial(size)
  end

  def recv(size, *)
    more if @read.empty?
    @read.slice!(0, size) || ""
  end

  def read_nonblock(size, exception: true, **)
    unless ready?(0)
      return :wait_readable unless exception

      raise IO::EAGAINWaitReadable, "Resource temporarily unavailable - read would block"
    end
    readpartial(size)
  end

  def read(size = nil, *)
    loop { break if (size && @read.size >= size) || !more }
    return @read.slice!(0, @read.size) unless size

    @read.empty? ? nil : @read.slice!(0, size)
  end

  def gets(end_of_line = "\n", chomp: false)
    return read.then { |text| text.empty? ? nil : text } if end_of_line.nil?

    loop { break if @read.include?(end_of_line) || !more }
    return if @read.empty?

    at = @read.index(end_of_line)
    line = @read.slice!(0, at ? at + end_of_line.size : @read.size)
    chomp ? line.chomp(end_of_line) : line
  end

  def readline(...)
    gets(...) or raise EOFError, "end of file reached"
  end

  def readlines(...)
    each_line(...).to_a
  end

  def each_line(*arguments, **options)
    return to_enum(:each_line, *arguments, **options) unless block_given?

    while (line = gets(*arguments, **options))
      yield line
    end
    self
  end

  def each(...)
    each_line(...)
  end

  def getc
    more if @read.empty?
    @read.slice!(0, 1) unless @read.empty?
  end

  def readchar
    getc or raise EOFError, "end of file reached"
  end

  def each_char
    return to_enum(:each_char) unless block_given?

    while (character = getc)
      yield character
    end
    self
  end

  def eof?
    @read.empty? && !more
  end

  def eof
    eof?
  end

  def close
    @handle&.close
    @closed = true
    nil
  end

  def closed?
    @closed == true
  end

  def close_write
    writer.finish
    nil
  end

  def sync=(value)
    value
  end

  def sync
    true
  end

  def flush
    self
  end

  def fsync
    0
  end

  def binmode
    self
  end

  def set_encoding(*)
    self
  end

  def tty?
    false
  end

  alias isatty tty?

  private

  def more
    text = handle.read(65536)
    @read << text
    !text.empty?
  end
end

# One end of a pipe, or both ends towards a command.
class HostPipe < IO
  include HostStreaming

  attr_reader :pid

  def self.pair(*)
    ends = HostCommands.pipe
    reader = around(reader: ends[0])
    writer = around(writer: ends[1])
    return [reader, writer] unless block_given?

    begin
      yield reader, writer
    ensure
      reader.close
      writer.close
    end
  end

  def self.around(reader: nil, writer: nil, pid: nil)
    pipe = allocate
    pipe.hold(reader, writer, pid)
    pipe
  end

  # `IO.popen`
  def self.popen(*words, mode: "r", **options, &block)
    words, mode, options = popened(words, mode, options)
    HostCommands.ask(*words, **options)
    reader = writer = nil
    reader, options[:out] = pair if mode.match?(/r|\+/)
    options[:in], writer = pair if mode.match?(/w|\+/)
    pid = Process.spawn(*words, **options)
    options.values_at(:in, :out).each { |theirs| theirs.close if theirs.is_a?(HostPipe) }
    pipe = around(reader: reader&.held, writer: writer&.held, pid: pid)
    return pipe unless block

    begin
      block.call(pipe)
    ensure
      pipe.close
    end
  end

  # The words, the mode and the options; a command that is a list may have an environment and options within.
  def self.popened(words, mode, options)
    environment = words.shift if words.first.is_a?(Hash)
    command = words.shift
    mode = words.first.is_a?(String) ? words.first : mode
    raise NotImplementedError, "fork is not supported in a Vagrantfile" if command == "-"

    if command.is_a?(Array)
      command = command.dup
      environment = command.shift if command.first.is_a?(Hash)
      options = options.merge(command.pop) if command.last.is_a?(Hash)
      command = [[command.first, command.first]] if command.size == 1 && command.first.is_a?(String)
    end
    [[environment, *command].compact, mode, options]
  end

  # Each of these is a handle with its number.
  def hold(reader, writer, pid)
    @reader = reader
    @writer = writer
    @pid = pid
    @read = +""
  end

  def held
    @reader || @writer
  end

  def handle
    raise IOError, "closed stream" if closed?

    @reader&.first or raise IOError, "not opened for reading"
  end

  def writer
    raise IOError, "closed stream" if closed?

    @writer&.first or raise IOError, "not opened for writing"
  end

  # What a command that shall read or write here needs to know.
  def pipe_number(_reads)
    held&.last unless closed?
  end

  def fileno
    3 + held.last
  end

  def close_read
    @reader&.first&.close
    @reader = nil
  end

  def close_write
    @writer&.first&.close
    @writer = nil
  end

  # A command whose pipes are closed is waited for.
  def close
    return if closed?

    close_read
    close_write
    @closed = true
    Process.wait(@pid) if @pid
    nil
  end
end

class IO
  module WaitReadable; end

  class EAGAINWaitReadable < StandardError
    include WaitReadable
  end
end
