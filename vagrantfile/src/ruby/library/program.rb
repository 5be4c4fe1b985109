# Logging, threads that run at once, and other small parts of a program.
class Logger
  module Severity
    DEBUG = 0
    INFO = 1
    WARN = 2
    ERROR = 3
    FATAL = 4
    UNKNOWN = 5
  end
  include Severity
  DEBUG = 0
  INFO = 1
  WARN = 2
  ERROR = 3
  FATAL = 4
  UNKNOWN = 5

  attr_accessor :level, :progname, :formatter, :datetime_format

  def initialize(*)
    @level = DEBUG
  end

  { debug: 0, info: 1, warn: 2, error: 3, fatal: 4, unknown: 5 }.each do |name, severity|
    define_method(name) do |message = nil, &block|
      message = block.call if message.nil? && block
      $stderr.puts(format_line(name.to_s.upcase, message)) if severity >= (@level.is_a?(Integer) ? @level : 0)
      true
    end
    define_method("#{name}?") { severity >= @level }
  end

  def format_line(severity, message)
    return @formatter.call(severity, Time.now, @progname, message) if @formatter
    "#{severity}: #{message}"
  end
end

module Log4r
  DEBUG = 1
  INFO = 2
  WARN = 3
  ERROR = 4
  FATAL = 5

  def self.define_levels(*)
  end

  class Outputter
    def self.stdout
      new
    end

    def self.stderr
      new
    end

    attr_accessor :formatter, :level
  end

  class StdoutOutputter < Outputter
    def initialize(*)
    end
  end

  class PatternFormatter
    def initialize(*)
    end
  end

  class Logger
    attr_accessor :level, :outputters, :additive

    def initialize(*)
      @outputters = []
    end

    def self.[](*)
      new
    end

    def add(*)
    end

    %i[debug info warn error fatal].each { |name| define_method(name) { |*| true } }
  end
end

class Mutex
  def synchronize
    yield
  end

  def lock
    self
  end

  def unlock
    self
  end

  def locked?
    false
  end
end

Monitor = Mutex

class Thread
  def self.new(*arguments, &block)
    thread = allocate
    thread.run(arguments, block)
    thread
  end

  def self.start(*arguments, &block)
    new(*arguments, &block)
  end

  def self.current
    @current ||= allocate
  end

  attr_reader :value

  def run(arguments, block)
    @value = block.call(*arguments)
  end

  def join(*)
    self
  end

  def alive?
    false
  end

  def status
    false
  end

  def [](name)
    (@locals ||= {})[name.to_sym]
  end

  def []=(name, value)
    (@locals ||= {})[name.to_sym] = value
  end
end

module Timeout
  class ExitException < Exception; end
  class Error < RuntimeError; end

  # What waits outside heeds the deadline; what has taken too long by itself is late all the same.
  def self.timeout(seconds, error = nil, message = nil)
    return yield(seconds) if seconds.nil? || seconds.zero?

    around = HostSockets.deadline
    ends = HostSockets.now + seconds
    HostSockets.deadline = [around, ends].compact.min
    begin
      result = yield(seconds)
      raise ExitException, "execution expired" if HostSockets.now > ends

      result
    rescue ExitException
      raise if around && around < ends

      raise error || Error, message || "execution expired"
    ensure
      HostSockets.deadline = around
    end
  end
end

module Singleton
  def self.included(base)
    base.extend(ClassMethods)
  end

  module ClassMethods
    def instance
      @singleton__instance__ ||= new
    end
  end
end

module Forwardable
  def def_delegators(receiver, *names)
    names.each { |name| def_delegator(receiver, name) }
  end

  def def_delegator(receiver, name, as = name)
    define_method(as) do |*arguments, &block|
      target = receiver.to_s.start_with?("@") ? instance_variable_get(receiver) : send(receiver)
      target.send(name, *arguments, &block)
    end
  end

  alias delegate def_delegators
end

module Benchmark
  def self.realtime
    yield
    0.0
  end

  def self.measure
    yield
  end
end

module Find
  def self.find(*roots, &block)
    paths = []
    queue = roots.flatten
    until queue.empty?
      path = queue.shift
      paths << path
      queue.unshift(*Dir.children(path).map { |name| File.join(path, name) }) if File.directory?(path)
    end
    return paths unless block
    paths.each { |path| catch(:prune) { block.call(path) } }
  end

  def self.prune
    throw :prune
  end
end

class Tempfile < StringIO
  def self.new(name = "", *)
    name = name.join if name.is_a?(Array)
    File.new("/tmp/#{name}#{SecureRandom.hex(4)}", "w")
  end

  def self.create(name = "", *)
    file = new(name)
    block_given? ? yield(file) : file
  end

  def self.open(name = "", *)
    file = new(name)
    block_given? ? yield(file) : file
  end
end

module Bundler
  def self.with_clean_env
    yield
  end

  def self.with_unbundled_env
    yield
  end

  def self.with_original_env
    yield
  end

  def self.require(*)
  end

  def self.setup(*)
  end
end

module ObjectSpace
  def self.each_object(*)
    0
  end
end

module GC
  def self.start(*)
  end

  def self.disable
    false
  end
end

module Signal
  def self.trap(...)
    Kernel.trap(...)
  end
end

module I18n
  def self.t(key, **)
    key.to_s
  end

  def self.load_path
    []
  end
end

# Which system this is; libraries of C are not called from here.
module FFI
  module Platform
    OS = RbConfig::CONFIG["host_os"][/linux|darwin|freebsd|mingw/].sub("mingw", "windows")
    ARCH = RbConfig::CONFIG["host_cpu"]
    CPU = ARCH
    NAME = "#{ARCH}-#{OS}"
    IS_LINUX = OS == "linux"
    IS_MAC = OS == "darwin"
    IS_FREEBSD = OS == "freebsd"
    IS_WINDOWS = OS == "windows"
    IS_BSD = IS_MAC || IS_FREEBSD
    IS_NETBSD = IS_OPENBSD = IS_DRAGONFLYBSD = IS_SOLARIS = false

    def self.windows?
      IS_WINDOWS
    end

    def self.mac?
      IS_MAC
    end

    def self.bsd?
      IS_BSD
    end

    def self.solaris?
      IS_SOLARIS
    end

    def self.unix?
      !IS_WINDOWS
    end
  end
end
