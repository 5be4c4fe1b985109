# Sets and objects with open fields.
class Set
  include Enumerable

  def self.[](*items)
    new(items)
  end

  def initialize(items = nil, &block)
    @table = {}
    items = items.map(&block) if items && block
    items&.each { |item| @table[item] = true }
  end

  def add(item)
    @table[item] = true
    self
  end

  alias << add

  def add?(item)
    include?(item) ? nil : add(item)
  end

  def delete(item)
    @table.delete(item)
    self
  end

  def merge(*others)
    others.each { |items| items.each { |item| add(item) } }
    self
  end

  def each(&block)
    return to_enum(:each) unless block
    @table.keys.each(&block)
    self
  end

  def include?(item)
    @table.key?(item)
  end

  alias member? include?
  alias === include?
  alias contain? include?

  def size
    @table.size
  end

  alias length size
  alias count size

  def empty?
    @table.empty?
  end

  def to_a
    @table.keys
  end

  def to_set
    self
  end

  def |(other)
    Set.new(to_a + other.to_a)
  end

  alias union |
  alias + |

  def &(other)
    Set.new(to_a.select { |item| other.include?(item) })
  end

  alias intersection &

  def -(other)
    Set.new(to_a.reject { |item| other.include?(item) })
  end

  alias difference -

  def subset?(other)
    all? { |item| other.include?(item) }
  end

  def superset?(other)
    other.all? { |item| include?(item) }
  end

  def ==(other)
    other.is_a?(Set) && size == other.size && subset?(other)
  end

  def hash
    to_a.hash
  end

  def dup
    Set.new(to_a)
  end

  def inspect
    "#<Set: {#{to_a.map(&:inspect).join(", ")}}>"
  end

  alias to_s inspect
end

class OpenStruct
  def initialize(fields = nil)
    @table = {}
    fields&.each { |name, value| @table[name.to_sym] = value }
  end

  def [](name)
    @table[name.to_sym]
  end

  def []=(name, value)
    @table[name.to_sym] = value
  end

  def to_h
    @table.dup
  end

  def each_pair(&block)
    @table.each_pair(&block)
    self
  end

  def dig(name, *rest)
    rest.empty? ? self[name] : self[name]&.dig(*rest)
  end

  def delete_field(name)
    @table.delete(name.to_sym)
  end

  def respond_to_missing?(name, *)
    @table.key?(name.to_s.chomp("=").to_sym) || super
  end

  def method_missing(name, *arguments)
    text = name.to_s
    return @table[text.chomp("=").to_sym] = arguments.first if text.end_with?("=")
    @table[name]
  end

  def ==(other)
    other.is_a?(OpenStruct) && to_h == other.to_h
  end

  def inspect
    "#<OpenStruct#{@table.map { |name, value| " #{name}=#{value.inspect}" }.join(",")}>"
  end

  alias to_s inspect
end
