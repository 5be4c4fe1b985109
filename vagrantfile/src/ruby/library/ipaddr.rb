# Addresses and networks of IP version 4, and of version 6 as far as 64 bits at a time allow.
class IPAddr
  include Comparable

  class Error < ArgumentError; end
  class InvalidAddressError < Error; end
  class AddressFamilyError < Error; end
  class InvalidPrefixError < InvalidAddressError; end

  def initialize(address = "0.0.0.0", family = nil)
    if address.is_a?(Integer)
      @address, @length, @six = address, 32, false
      return
    end
    text, prefix = address.to_s.split("/", 2)
    if text.to_s.include?(":")
      parse_six(text, prefix)
    else
      @six = false
      @address = IPAddr.number(text.to_s, address)
      mask!(prefix || "32")
    end
  end

  def self.number(text, shown = text)
    parts = text.split(".", -1)
    fits = parts.size == 4 && parts.all? { |part| part.match?(/\A\d{1,3}\z/) && part.to_i < 256 }
    raise InvalidAddressError, "invalid address: #{shown}" unless fits
    parts.inject(0) { |sum, part| sum * 256 + part.to_i }
  end

  def self.new_ntoh(*)
    raise NotImplementedError, "IPAddr.new_ntoh"
  end

  def parse_six(text, prefix)
    @six = true
    head, tail = text.split("::", 2)
    head = head.to_s.split(":")
    tail = tail.to_s.split(":")
    missing = 8 - head.size - tail.size
    fits = (text.include?("::") ? missing >= 0 : missing.zero?) && (head + tail).all? { |part| part.match?(/\A\h{1,4}\z/) }
    raise InvalidAddressError, "invalid address: #{text}" unless fits
    @words = (head + ["0"] * missing + tail).map { |part| part.to_i(16) }
    @length = (prefix || "128").to_i
    @words = @words.each_with_index.map do |word, index|
      kept = [[@length - index * 16, 0].max, 16].min
      word & (0xffff << (16 - kept)) & 0xffff
    end
  end

  def mask!(mask)
    mask = mask.to_s
    @length = if mask.match?(/\A\d+\z/)
      mask.to_i
    else
      IPAddr.number(mask).to_s(2).count("1")
    end
    raise InvalidPrefixError, "invalid length: #{mask}" if @length > 32
    @address &= bits
    self
  end

  def mask(mask)
    copy = IPAddr.new(to_s)
    copy.mask!(mask)
  end

  def bits
    (0xffffffff << (32 - @length)) & 0xffffffff
  end

  def prefix
    @length
  end

  def netmask
    IPAddr.new(bits).to_s
  end

  def ipv4?
    !@six
  end

  def ipv6?
    @six
  end

  def to_i
    raise NotImplementedError, "addresses of 128 bits are not supported as numbers in a Vagrantfile" if @six
    @address
  end

  def to_range
    first = IPAddr.new(@address)
    last = IPAddr.new(@address | (~bits & 0xffffffff))
    first..last
  end

  def to_s
    return six_text if @six
    [24, 16, 8, 0].map { |shift| (@address >> shift) & 255 }.join(".")
  end

  def six_text
    text = @words.map { |word| word.to_s(16) }.join(":")
    longest = text.scan(/(?:\b0(?::|\z))+/).max_by(&:length)
    return text unless longest && longest.length > 2
    text.sub(/\b#{longest}/, ":").sub(/\A:(?!:)/, "::").sub(/([^:]):\z/, '\1::').sub(":::", "::")
  end

  def to_string
    @six ? @words.map { |word| format("%04x", word) }.join(":") : to_s
  end

  def inspect
    kind = @six ? "IPv6" : "IPv4"
    "#<IPAddr: #{kind}:#{self}/#{@six ? @length : netmask}>"
  end

  def succ
    IPAddr.new(to_i + 1)
  end

  def +(offset)
    IPAddr.new(to_i + offset)
  end

  def -(offset)
    IPAddr.new(to_i - offset)
  end

  def |(other)
    IPAddr.new(to_i | number_of(other))
  end

  def &(other)
    IPAddr.new(to_i & number_of(other))
  end

  def ~
    IPAddr.new(~to_i & 0xffffffff)
  end

  def number_of(other)
    other.is_a?(Integer) ? other : IPAddr.new(other.to_s).to_i
  end

  def <=>(other)
    other = IPAddr.new(other) if other.is_a?(String)
    return nil unless other.is_a?(IPAddr)
    @six ? to_s <=> other.to_s : to_i <=> other.to_i
  end

  def ==(other)
    other = IPAddr.new(other) if other.is_a?(String)
    other.is_a?(IPAddr) && to_s == other.to_s
  rescue InvalidAddressError
    false
  end

  alias eql? ==

  def hash
    to_s.hash
  end

  def include?(other)
    other = IPAddr.new(other) unless other.is_a?(IPAddr)
    return IPAddr.new("#{other}/#{@length}") == self if @six
    (other.to_i & bits) == @address
  end

  alias === include?

  def private?
    %w[10.0.0.0/8 172.16.0.0/12 192.168.0.0/16].any? { |network| IPAddr.new(network).include?(self) }
  end

  def loopback?
    IPAddr.new("127.0.0.0/8").include?(self)
  end

  def hton
    [24, 16, 8, 0].map { |shift| (@address >> shift) & 255 }.pack("C*")
  end

  def reverse
    "#{to_s.split(".").reverse.join(".")}.in-addr.arpa"
  end
end
