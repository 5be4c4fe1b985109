# Commands with streams to all sides.
module Open3
  def self.capture3(...) = HostCommands.capture3(...)
  def self.capture2(...) = HostCommands.capture2(...)
  def self.capture2e(...) = HostCommands.capture2e(...)

  def self.popen3(*words, **options, &block)
    opened(words, options, %i[in out err], &block)
  end

  def self.popen2(*words, **options, &block)
    opened(words, options, %i[in out], &block)
  end

  def self.popen2e(*words, **options, &block)
    opened(words, options.merge(err: %i[child out]), %i[in out], &block)
  end

  def self.opened(words, options, names, &block)
    HostCommands.ask(*words, **options)
    ours, theirs = ends(names)
    waiter = Process.detach(Process.spawn(*words, **options, **theirs))
    theirs.each_value(&:close)
    handed([*ours, waiter], ours, [waiter], &block)
  end

  # Our ends of some pipes, and those of the command by the names of its streams.
  def self.ends(names)
    theirs = {}
    ours = names.map do |name|
      reader, writer = IO.pipe
      theirs[name] = name == :in ? reader : writer
      name == :in ? writer : reader
    end
    [ours, theirs]
  end

  # What a block gets is closed, and waited for, after it.
  def self.handed(values, pipes, waiters)
    return values unless block_given?

    begin
      yield(*values)
    ensure
      pipes.each(&:close)
      waiters.each(&:join)
    end
  end

  def self.pipeline(*commands, **options)
    chained(commands, options).map(&:value)
  end

  def self.pipeline_start(*commands, **options, &block)
    waiters = chained(commands, options)
    handed([waiters], [], waiters, &block)
  end

  def self.pipeline_r(*commands, **options, &block)
    linked(commands, options, %i[out], &block)
  end

  def self.pipeline_w(*commands, **options, &block)
    linked(commands, options, %i[in], &block)
  end

  def self.pipeline_rw(*commands, **options, &block)
    linked(commands, options, %i[in out], &block)
  end

  def self.linked(commands, options, names, &block)
    commands.each { |command| HostCommands.ask(*Array(command)) }
    ours, theirs = ends(names)
    waiters = chained(commands, options.merge(theirs))
    theirs.each_value(&:close)
    handed([*ours, waiters], ours, waiters, &block)
  end

  # Starts commands of which each one reads what the one before it writes. What is said of the input is for the first, of the output for
  # the last, and the rest for all.
  def self.chained(commands, options)
    commands.each { |command| HostCommands.ask(*Array(command)) }
    common = options.reject { |name, _| %i[in out].include?(name) }
    input = options[:in]
    commands.each_with_index.map do |command, index|
      own = common.dup
      own[:in] = input if input
      reader, own[:out] = IO.pipe if index < commands.size - 1
      own[:out] = options[:out] if index == commands.size - 1 && options[:out]
      words = Array(command)
      own = words.last.merge(own) if words.last.is_a?(Hash) && words.size > 1
      words = words[0...-1] if words.last.is_a?(Hash) && words.size > 1
      waiter = Process.detach(Process.spawn(*words, **own))
      [input, own[:out]].each { |pipe| pipe.close if pipe.is_a?(HostPipe) && !options.value?(pipe) }
      input = reader
      waiter
    end
  end
end

# Waits for a process: the thread of `Process.detach`.
class HostWaiter < Thread
  attr_reader :pid

  def self.of(pid)
    waiter = allocate
    waiter.watch(pid)
    waiter
  end

  def watch(pid)
    @pid = pid
  end

  def value
    join
    @value
  end

  # What is no command of the file's has ended, and nobody knows how.
  def join(seconds = nil)
    @value ||= HostCommands.wait(@pid, seconds)
    self if @value
  rescue Errno::ECHILD
    self
  end

  def alive?
    join(0).nil?
  end

  def status
    alive? ? "sleep" : false
  end
end

module PTY
  def self.spawn(*words)
    input, output, waiter = Open3.popen2e(*words)
    return [output, input, waiter.pid] unless block_given?

    begin
      yield(output, input, waiter.pid)
    ensure
      [output, input].each(&:close)
    end
    nil
  end
end
