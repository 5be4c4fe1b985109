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

  def ^(other)
    both = Set.new(other)
    each { |item| both.include?(item) ? both.delete(item) : both.add(item) }
    both
  end

  def subtract(items)
    items.each { |item| delete(item) }
    self
  end

  def delete?(item)
    include?(item) ? delete(item) : nil
  end

  def flatten
    Set.new(to_a.flat_map { |item| item.is_a?(Set) ? item.flatten.to_a : [item] })
  end

  def intersect?(other)
    other.any? { |item| include?(item) }
  end

  def disjoint?(other)
    !intersect?(other)
  end

  def subset?(other)
    all? { |item| other.include?(item) }
  end

  alias <= subset?

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

# What `lazy` gives: each step takes one item at a time from the one before.
class LazyList
  include Enumerable

  def initialize(source, &step)
    @source = source
    @step = step || ->(item, out) { out.call(item) }
  end

  def each(&block)
    @source.each { |item| @step.call(item, block) }
    self
  end

  def map(&block)
    LazyList.new(self) { |item, out| out.call(block.call(item)) }
  end

  alias collect map

  def select(&block)
    LazyList.new(self) { |item, out| out.call(item) if block.call(item) }
  end

  alias filter select

  def reject(&block)
    LazyList.new(self) { |item, out| out.call(item) unless block.call(item) }
  end

  def filter_map(&block)
    LazyList.new(self) do |item, out|
      found = block.call(item)
      out.call(found) if found
    end
  end

  def with_index(first = 0, &block)
    index = first - 1
    LazyList.new(self) do |item, out|
      index += 1
      block ? (block.call(item, index); out.call(item)) : out.call([item, index])
    end
  end

  alias each_with_index with_index

  def find(&block)
    each { |item| return item if block.call(item) }
    nil
  end

  alias detect find

  def take(count)
    first(count)
  end

  def take_while(&block)
    taken = []
    each do |item|
      return taken unless block.call(item)
      taken << item
    end
    taken
  end

  def lazy
    self
  end
end
