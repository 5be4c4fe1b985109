# Sockets as far as Vagrantfiles use them. They are opened by the host, which decides.
class BasicSocket
  include HostStreaming

  def self.do_not_reverse_lookup
    true
  end

  def self.do_not_reverse_lookup=(value)
    value
  end

  def self.open(...)
    socket = new(...)
    return socket unless block_given?

    begin
      yield socket
    ensure
      socket.close
    end
  end

  def self.around(handle)
    socket = allocate
    socket.take(handle)
    socket
  end

  def self.port_of(port)
    return port if port.is_a?(Integer)
    return 0 if port.nil? || port == ""

    known = { "http" => 80, "https" => 443, "ssh" => 22, "domain" => 53, "ftp" => 21, "smtp" => 25, "ntp" => 123 }
    known[port.to_s] || Integer(port.to_s)
  rescue ArgumentError
    raise SocketError, "getaddrinfo: Servname not supported for ai_socktype"
  end

  def send(message, *)
    write(message)
  end

  def recvfrom(size, *)
    text = recv(size)
    [text, (peeraddr rescue nil)]
  end

  def shutdown(*)
    handle.finish
    0
  end

  def setsockopt(*)
    0
  end

  def local_address
    address, port = handle.local
    Addrinfo.new(["AF_INET", port, address, address], nil, kind)
  end

  def remote_address
    address, port = handle.peer
    Addrinfo.new(["AF_INET", port, address, address], nil, kind)
  end

  alias connect_address local_address

  private

  def kind
    Socket::SOCK_STREAM
  end
end

class IPSocket < BasicSocket
  def self.getaddress(name)
    HostSockets.resolve(name).first
  end

  def addr(*)
    words(handle.local)
  end

  def peeraddr(*)
    words(handle.peer || raise(Errno::ENOTCONN, "getpeername(2)"))
  end

  private

  def words(place)
    address, port = place
    [address.include?(":") ? "AF_INET6" : "AF_INET", port, address, address]
  end
end

class TCPSocket < IPSocket
  def self.gethostbyname(name)
    addresses = HostSockets.resolve(name)
    [name, [], addresses.first.include?(":") ? Socket::AF_INET6 : Socket::AF_INET, *addresses]
  end

  def initialize(host, port, *, connect_timeout: nil)
    take(HostSockets.open(:tcp, host, BasicSocket.port_of(port), connect_timeout))
  end
end

# What servers have besides `accept`.
module HostListening
  def sysaccept
    accept
  end

  def accept_nonblock(exception: true)
    return accept if handle.ready?(0)
    return :wait_readable unless exception

    raise IO::EAGAINWaitReadable, "Resource temporarily unavailable - accept(2) would block"
  end

  def listen(*)
    0
  end
end

class TCPServer < TCPSocket
  include HostListening

  def initialize(host = nil, port = nil)
    host, port = nil, host if port.nil?
    take(HostSockets.open(:tcp_server, host, BasicSocket.port_of(port)))
  end

  def accept
    TCPSocket.around(handle.accept)
  end
end

class UDPSocket < IPSocket
  def initialize(*); end

  def connect(host, port)
    take(HostSockets.open(:udp, host, BasicSocket.port_of(port)))
    0
  end

  def bind(host, port)
    take(HostSockets.open(:udp_server, host, BasicSocket.port_of(port)))
    0
  end

  def send(message, _flags = 0, host = nil, port = nil)
    return write(message) if host.nil?

    to = HostSockets.open(:udp, host, BasicSocket.port_of(port))
    to.write(message).tap { to.close }
  end

  private

  def kind
    Socket::SOCK_DGRAM
  end
end

class UNIXSocket < BasicSocket
  attr_reader :path

  def initialize(path)
    @path = path
    take(HostSockets.open(:unix, path))
  end

  def addr
    ["AF_UNIX", ""]
  end

  def peeraddr
    ["AF_UNIX", path]
  end
end

class UNIXServer < UNIXSocket
  include HostListening

  def initialize(path)
    @path = path
    take(HostSockets.open(:unix_server, path))
  end

  def accept
    UNIXSocket.around(handle.accept)
  end

  def addr
    ["AF_UNIX", path]
  end
end

class Socket < BasicSocket
  class ResolutionError < SocketError; end

  Path = Struct.new(:unix_path)

  AF_UNSPEC = PF_UNSPEC = 0
  AF_UNIX = PF_UNIX = 1
  AF_INET = PF_INET = 2
  AF_INET6 = PF_INET6 = 10
  AF_PACKET = 17
  SOCK_STREAM = 1
  SOCK_DGRAM = 2
  SOCK_RAW = 3
  IPPROTO_TCP = 6
  IPPROTO_UDP = 17
  SOL_SOCKET = 1
  SO_REUSEADDR = 2
  SO_BROADCAST = 6
  SO_LINGER = 13
  TCP_NODELAY = 1
  INADDR_ANY = 0
  SOMAXCONN = 4096

  def self.gethostname
    HostSockets.hostname
  end

  def self.tcp(host, port, *, connect_timeout: nil, resolv_timeout: nil, &block)
    TCPSocket.open(host, port, connect_timeout: connect_timeout, &block)
  end

  def self.getaddrinfo(host, port, family = nil, kind = nil, *)
    Addrinfo.getaddrinfo(host, port, family, kind).map do |it|
      [it.ipv6? ? "AF_INET6" : "AF_INET", it.ip_port, it.ip_address, it.ip_address, it.afamily, it.socktype, it.protocol]
    end
  end

  def self.gethostbyname(name)
    found = HostSockets.resolve(name).map { |address| IPAddr.new(address) }.select(&:ipv4?)
    [name, [], AF_INET, *found.map { |address| address.to_s.split(".").map(&:to_i).pack("C4") }]
  end

  def self.ip_address_list
    getifaddrs.map(&:addr).select { |address| address&.ip? }
  end

  def self.getifaddrs
    places = {}
    HostSockets.interfaces.map do |name, flags, address, netmask, broadcast|
      Ifaddr.new(name, places[name] ||= places.size + 1, flags, address, netmask, broadcast)
    end
  end

  def self.sockaddr_in(port, host)
    Addrinfo.tcp(host.to_s.empty? ? "0.0.0.0" : host, port)
  end

  def self.unpack_sockaddr_in(address)
    [address.ip_port, address.ip_address]
  end

  def self.sockaddr_un(path)
    Path.new(path)
  end

  def self.unix(path, &block)
    UNIXSocket.open(path, &block)
  end

  def self.getnameinfo(address, *)
    _, port, name, ip = address.is_a?(Addrinfo) ? [nil, address.ip_port, nil, address.ip_address] : address
    [HostSockets.name_of(ip || name), port.to_s]
  end

  class << self
    alias pack_sockaddr_in sockaddr_in
    alias pack_sockaddr_un sockaddr_un
  end

  # As for any user but root, raw ones are not permitted.
  def initialize(_family = nil, kind = nil, *)
    Kernel.connect("a socket")
    @kind = { STREAM: SOCK_STREAM, DGRAM: SOCK_DGRAM, RAW: SOCK_RAW }.fetch(kind.is_a?(String) ? kind.to_sym : kind, kind)
    raise Errno::EPERM, "Operation not permitted - socket(2)" if @kind == SOCK_RAW
  end

  def connect(address)
    open_at(address, "")
  end

  def connect_nonblock(address, **)
    connect(address)
  end

  def bind(address)
    open_at(address, "_server")
  end

  def listen(*)
    0
  end

  def accept
    return [UNIXSocket.around(handle.accept), Addrinfo.new(nil)] if @is_unix

    socket = TCPSocket.around(handle.accept)
    [socket, socket.remote_address]
  end

  def getsockname
    local_address
  end

  private

  def open_at(address, suffix)
    @is_unix = address.is_a?(Path)
    kind = @kind == SOCK_DGRAM ? "udp" : "tcp"
    take(@is_unix ? HostSockets.open("unix#{suffix}", address.unix_path) : HostSockets.open(kind + suffix, address.ip_address, address.ip_port))
    0
  end

  public

  # An interface with one of its addresses.
  class Ifaddr
    attr_reader :name, :ifindex, :flags, :addr, :netmask, :broadaddr

    def initialize(name, index, flags, address, netmask, broadcast)
      @name = name
      @ifindex = index
      @flags = flags
      zone = address&.start_with?("fe80:") ? "%#{name}" : ""
      @addr = address ? Addrinfo.ip("#{address}#{zone}") : Addrinfo.new(nil)
      @netmask = Addrinfo.ip(netmask) if netmask
      @broadaddr = Addrinfo.ip(broadcast) if broadcast
    end
  end
end

class Addrinfo
  attr_reader :socktype, :protocol, :canonname

  def self.getaddrinfo(host, port = nil, family = nil, kind = nil, *)
    kinds = { nil => [1, 2, 3], STREAM: [1], DGRAM: [2], 1 => [1], 2 => [2] }.fetch(kind, [1])
    found = HostSockets.resolve(host.to_s.empty? ? "localhost" : host).flat_map do |address|
      kinds.map { |it| new([nil, BasicSocket.port_of(port), nil, address], nil, it) }
    end
    wanted = { INET: 2, INET6: 10, "AF_INET" => 2, "AF_INET6" => 10 }.fetch(family, family)
    found.select { |it| wanted.nil? || wanted.zero? || it.afamily == wanted }
  end

  def self.tcp(host, port)
    getaddrinfo(host, port, nil, :STREAM).first
  end

  def self.udp(host, port)
    getaddrinfo(host, port, nil, :DGRAM).first
  end

  def self.ip(host)
    address, zone = host.split("%", 2)
    address = HostSockets.resolve(address).first
    new([nil, 0, nil, zone ? "#{address}%#{zone}" : address], nil, 0)
  end

  # Without an address it is that of a device.
  def initialize(place, _family = nil, kind = nil, protocol = nil)
    _, @port, name, address = place
    @address = address || name
    @socktype = kind || 0
    @protocol = protocol || { 1 => 6, 2 => 17 }.fetch(@socktype, 0)
  end

  def ip_address
    raise SocketError, "need IPv4 or IPv6 address" unless ip?

    @address
  end

  def ip_port
    raise SocketError, "need IPv4 or IPv6 address" unless ip?

    @port
  end

  def ip_unpack
    [ip_address, ip_port]
  end

  def ip?
    !@address.nil?
  end

  def ipv4?
    ip? && !@address.include?(":")
  end

  def ipv6?
    ip? && @address.include?(":")
  end

  def unix?
    false
  end

  def afamily
    return Socket::AF_PACKET unless ip?

    ipv6? ? Socket::AF_INET6 : Socket::AF_INET
  end

  alias pfamily afamily

  def within?(*networks)
    networks.any? { |network| IPAddr.new(network).include?(IPAddr.new(@address.split("%").first)) }
  end

  def ipv4_private?
    ipv4? && within?("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
  end

  def ipv4_loopback?
    ipv4? && within?("127.0.0.0/8")
  end

  def ipv4_multicast?
    ipv4? && within?("224.0.0.0/4")
  end

  def ipv6_loopback?
    @address == "::1"
  end

  def ipv6_unspecified?
    @address == "::"
  end

  def ipv6_linklocal?
    ipv6? && within?("fe80::/10")
  end

  def ipv6_sitelocal?
    ipv6? && within?("fec0::/10")
  end

  def ipv6_unique_local?
    ipv6? && within?("fc00::/7")
  end

  def ipv6_multicast?
    ipv6? && within?("ff00::/8")
  end

  def ipv6_v4mapped?
    ipv6? && @address.start_with?("::ffff:")
  end

  def inspect_sockaddr
    return "PACKET" unless ip?
    return @address if @port.to_i.zero?

    ipv6? ? "[#{@address}]:#{@port}" : "#{@address}:#{@port}"
  end

  def inspect
    kind = { 1 => " TCP", 2 => " UDP" }.fetch(@socktype, "")
    "#<Addrinfo: #{inspect_sockaddr}#{kind}>"
  end

  def ==(other)
    other.is_a?(Addrinfo) && inspect == other.inspect
  end
end
