# Addresses and networks of both versions of IP.
class IPAddr
  include Comparable

  class Error < ArgumentError; end
  class InvalidAddressError < Error; end
  class AddressFamilyError < Error; end
  class InvalidPrefixError < InvalidAddressError; end

  def initialize(address = "0.0.0.0", family = nil)
    if address.is_a?(Integer)
      @six = family == 10 || address > 0xffffffff
      @address, @length = address, width
      return
    end
    text, prefix = address.to_s.split("/", 2)
    @six = text.to_s.include?(":")
    @address = @six ? IPAddr.six(text, address) : IPAddr.number(text.to_s, address)
    mask!(prefix || width)
  end

  def self.six(text, shown)
    text = text.delete_prefix("[").delete_suffix("]").sub(/%.*/, "")
    text = text.sub(/\d+\.\d+\.\d+\.\d+\z/) { |four| number(four, shown).divmod(65536).map { |word| word.to_s(16) }.join(":") }
    head, tail = text.split("::", 2).map { |part| part.split(":", -1) }
    tail ||= []
    head ||= []
    missing = 8 - head.size - tail.size
    fits = (text.include?("::") ? missing >= 0 : missing.zero?) && (head + tail).all? { |part| part.match?(/\A\h{1,4}\z/) }
    raise InvalidAddressError, "invalid address: #{shown}" unless fits
    (head + ["0"] * missing + tail).inject(0) { |sum, part| sum * 65536 + part.to_i(16) }
  end

  def width
    @six ? 128 : 32
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

  def mask!(mask)
    mask = mask.to_s
    @length = mask.match?(/\A\d+\z/) ? mask.to_i : IPAddr.new(mask).to_i.to_s(2).count("1")
    raise InvalidPrefixError, "invalid length: #{mask}" if @length > width
    @address &= bits
    self
  end

  def mask(mask)
    IPAddr.new("#{self}/#{mask}")
  end

  def bits
    ones = (1 << width) - 1
    (ones << (width - @length)) & ones
  end

  def prefix
    @length
  end

  def netmask
    like(bits).to_string
  end

  def ipv4?
    !@six
  end

  def ipv6?
    @six
  end

  def to_i
    @address
  end

  # Another address of this version.
  def like(number)
    IPAddr.new(number, @six ? 10 : 2)
  end

  def to_range
    ones = (1 << width) - 1
    like(@address)..like(@address | (~bits & ones))
  end

  def words
    7.downto(0).map { |place| (@address >> (16 * place)) & 0xffff }
  end

  def to_s
    return six_text if @six
    [24, 16, 8, 0].map { |shift| (@address >> shift) & 255 }.join(".")
  end

  def six_text
    text = words.map { |word| word.to_s(16) }.join(":")
    longest = text.scan(/(?:\b0(?::|\z))+/).max_by(&:length)
    return text unless longest && longest.length > 2
    text.sub(/\b#{longest}/, ":").sub(/\A:(?!:)/, "::").sub(/([^:]):\z/, '\1::').sub(":::", "::")
  end

  def to_string
    @six ? words.map { |word| format("%04x", word) }.join(":") : to_s
  end

  def inspect
    kind = @six ? "IPv6" : "IPv4"
    "#<IPAddr: #{kind}:#{to_string}/#{netmask}>"
  end

  def succ
    like(to_i + 1)
  end

  def +(offset)
    like(to_i + offset)
  end

  def -(offset)
    like(to_i - offset)
  end

  def |(other)
    like(to_i | number_of(other))
  end

  def &(other)
    like(to_i & number_of(other))
  end

  def ~
    like(~to_i & ((1 << width) - 1))
  end

  def number_of(other)
    other.is_a?(Integer) ? other : IPAddr.new(other.to_s).to_i
  end

  def <=>(other)
    other = IPAddr.new(other) if other.is_a?(String)
    return nil unless other.is_a?(IPAddr)
    ipv6? == other.ipv6? ? to_i <=> other.to_i : nil
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
    ipv6? == other.ipv6? && (other.to_i & bits) == @address
  end

  alias === include?

  def private?
    %w[10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7].any? { |network| IPAddr.new(network).include?(self) }
  end

  def loopback?
    IPAddr.new(@six ? "::1" : "127.0.0.0/8").include?(self)
  end

  def link_local?
    IPAddr.new(@six ? "fe80::/10" : "169.254.0.0/16").include?(self)
  end

  def hton
    [24, 16, 8, 0].map { |shift| (@address >> shift) & 255 }.pack("C*")
  end

  def reverse
    "#{to_s.split(".").reverse.join(".")}.in-addr.arpa"
  end
end
