# Paths as objects.
class Pathname
  include Comparable

  def self.pwd
    new(Dir.pwd)
  end

  def self.getwd
    new(Dir.pwd)
  end

  def self.glob(*arguments)
    Dir.glob(*arguments).map { |path| new(path) }
  end

  def initialize(path)
    @path = path.is_a?(Pathname) ? path.to_s : path.to_str.dup
  end

  def to_s
    @path
  end

  def to_str
    @path
  end

  def to_path
    @path
  end

  def inspect
    "#<Pathname:#{@path}>"
  end

  def hash
    @path.hash
  end

  def ==(other)
    other.is_a?(Pathname) && @path == other.to_s
  end

  alias eql? ==

  def <=>(other)
    other.is_a?(Pathname) ? @path <=> other.to_s : nil
  end

  def +(other)
    other = other.to_s
    return Pathname.new(other) if other.start_with?("/")
    return self if other == "." || other.empty?
    base = @path
    while other == ".." || other.start_with?("../")
      break if base == "." || base == ".." || base.end_with?("/..")
      base = File.dirname(base) unless base == "/"
      other = other.sub(%r{\A\.\./?}, "")
    end
    return Pathname.new(base) if other.empty?
    Pathname.new(base == "." ? other : File.join(base, other))
  end

  alias / +

  def join(*others)
    others.inject(self) { |path, other| path + other }
  end

  def parent
    self + ".."
  end

  def dirname
    Pathname.new(File.dirname(@path))
  end

  def basename(*suffix)
    Pathname.new(File.basename(@path, *suffix))
  end

  def extname
    File.extname(@path)
  end

  def sub_ext(extension)
    Pathname.new(@path.delete_suffix(extname) + extension)
  end

  def sub(*arguments, &block)
    Pathname.new(@path.sub(*arguments, &block))
  end

  def expand_path(*arguments)
    Pathname.new(File.expand_path(@path, *arguments))
  end

  def realpath(*)
    Pathname.new(File.realpath(@path))
  end

  def cleanpath(*)
    absolute = absolute?
    parts = []
    @path.split("/").each do |part|
      next if part.empty? || part == "."
      if part == ".." && !parts.empty? && parts.last != ".."
        parts.pop
      elsif part != ".." || !absolute
        parts << part
      end
    end
    text = (absolute ? "/" : "") + parts.join("/")
    Pathname.new(text.empty? ? "." : text)
  end

  def relative_path_from(base)
    mine = cleanpath.to_s.split("/")
    theirs = Pathname.new(base).cleanpath.to_s.split("/")
    while !mine.empty? && mine.first == theirs.first
      mine.shift
      theirs.shift
    end
    parts = [".."] * theirs.size + mine
    Pathname.new(parts.empty? ? "." : parts.join("/"))
  end

  def absolute?
    @path.start_with?("/")
  end

  def relative?
    !absolute?
  end

  def root?
    @path == "/"
  end

  def exist?
    File.exist?(@path)
  end

  def file?
    File.file?(@path)
  end

  def directory?
    File.directory?(@path)
  end

  def readable?
    File.readable?(@path)
  end

  def writable?
    File.writable?(@path)
  end

  def executable?
    File.executable?(@path)
  end

  def symlink?
    File.symlink?(@path)
  end

  def size
    File.size(@path)
  end

  def mtime
    File.mtime(@path)
  end

  def empty?
    directory? ? Dir.empty?(@path) : File.empty?(@path)
  end

  def read(*)
    File.read(@path)
  end

  def readlines(*)
    File.readlines(@path)
  end

  def each_line(&block)
    File.foreach(@path, &block)
  end

  def write(text, *)
    File.write(@path, text)
  end

  def open(*arguments, &block)
    File.open(@path, *arguments, &block)
  end

  def delete
    File.delete(@path)
  end

  alias unlink delete

  def mkpath
    FileUtils.mkdir_p(@path)
  end

  def mkdir(*)
    Dir.mkdir(@path)
  end

  def rmtree
    FileUtils.rm_rf(@path)
  end

  def children(*)
    Dir.children(@path).map { |name| self + name }
  end

  def entries
    Dir.entries(@path).map { |name| Pathname.new(name) }
  end

  def glob(pattern)
    Dir.glob(File.join(@path, pattern)).map { |path| Pathname.new(path) }
  end

  def each_child(*, &block)
    children.each(&block)
  end

  def each_filename(&block)
    @path.split("/").reject(&:empty?).each(&block)
  end

  def descend
    parts = []
    path = self
    until path.to_s == "." || path.root?
      parts.unshift(path)
      path = path.dirname
    end
    parts.unshift(path) if path.root?
    block_given? ? parts.each { |part| yield part } : parts
  end

  def ascend
    parts = descend.reverse
    block_given? ? parts.each { |part| yield part } : parts
  end
end
