# Words of a shell, and addresses of the web.
module Shellwords
  def self.split(line)
    words = []
    word = nil
    line.scan(/\G\s*(?:([^\s\\'"]+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|(\\.)|(\S))(\s|\z)?/m) do |plain, single, double, escape, wrong, space|
      raise ArgumentError, "Unmatched quote: #{line}" if wrong
      word = word.to_s + (plain || single || (double && double.gsub(/\\([$`"\\\n])/, '\1')) || escape[1..-1])
      if space
        words << word
        word = nil
      end
    end
    words << word if word
    words
  end

  def self.shellsplit(line)
    split(line)
  end

  def self.shellwords(line)
    split(line)
  end

  def self.escape(text)
    text = text.to_s
    return "''" if text.empty?
    text.gsub(/[^A-Za-z0-9_\-.,:+\/@\n]/) { |letter| "\\" + letter }.gsub("\n", "'\n'")
  end

  def self.shellescape(text)
    escape(text)
  end

  def self.join(words)
    words.map { |word| escape(word) }.join(" ")
  end
end

class String
  def shellsplit
    Shellwords.split(self)
  end

  def shellescape
    Shellwords.escape(self)
  end
end

class Array
  def shelljoin
    Shellwords.join(self)
  end
end

module URI
  class Error < StandardError; end
  class InvalidURIError < Error; end

  class Generic
    attr_accessor :scheme, :user, :password, :host, :port, :path, :query, :fragment

    def initialize(text)
      match = %r{\A(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://(?:([^:@/]*)(?::([^@/]*))?@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d+))?)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?\z}.match(text)
      raise InvalidURIError, "bad URI (is not URI?): #{text.inspect}" if match.nil? || text.match?(/\s/)
      @scheme, @user, @password, @host, port, @path, @query, @fragment = match.captures
      @port = port ? port.to_i : { "http" => 80, "https" => 443, "ftp" => 21, "ssh" => 22 }[@scheme]
      @text = text
    end

    def hostname
      @host
    end

    def userinfo
      @password ? "#{@user}:#{@password}" : @user
    end

    def request_uri
      @query ? "#{@path}?#{@query}" : @path
    end

    def to_s
      default = { "http" => 80, "https" => 443, "ftp" => 21, "ssh" => 22 }[@scheme]
      text = @scheme ? "#{@scheme}:" : ""
      if @host
        text += "//"
        text += "#{userinfo}@" if @user
        text += @host
        text += ":#{@port}" if @port && @port != default
      end
      text += @path.to_s
      text += "?#{@query}" if @query
      text += "##{@fragment}" if @fragment
      text
    end

    def open(...)
      Kernel.open(to_s, ...)
    end

    def read(...)
      open(...).read
    end

    def ==(other)
      to_s == other.to_s
    end
  end

  HTTP = Generic
  HTTPS = Generic

  def self.parse(text)
    Generic.new(text.to_s)
  end

  def self.join(base, *others)
    parse(others.inject(base.to_s) { |left, right| joined(left, right.to_s) })
  end

  def self.joined(left, right)
    return right if right.match?(/\A[a-z][a-z0-9+.-]*:/i)

    root = left[%r{\A[^:]+://[^/?#]*}].to_s
    folder = left[root.length..-1].sub(/[?#].*/, "")[%r{\A.*/}] || "/"
    path = right.start_with?("/") ? right : folder + right.sub(%r{\A(\./)+}, "")
    path = path.sub(%r{[^/]+/\.\./}, "") while path.match?(%r{[^/]+/\.\./})
    root + path.gsub(%r{/\.\./}, "/")
  end

  def self.open(address, ...)
    Kernel.open(address.to_s, ...)
  end

  def self.regexp(*)
    %r{[a-zA-Z][a-zA-Z0-9+.-]*://\S+}
  end

  def self.encode_www_form(pairs)
    pairs.flat_map { |key, value| value.is_a?(Array) ? value.map { |it| [key, it] } : [[key, value]] }
         .map { |pair| pair.compact.map { |it| encode_www_form_component(it) }.join("=") }.join("&")
  end

  def self.encode_www_form_component(text)
    text.to_s.gsub(/[^a-zA-Z0-9*._ -]/) { |letter| letter.bytes.map { |byte| format("%%%02X", byte) }.join }.tr(" ", "+")
  end

  def self.decode_www_form_component(text)
    text.tr("+", " ").gsub(/%(\h\h)/) { $1.hex.chr }
  end

  def self.escape(text)
    text.gsub(/[^a-zA-Z0-9_.\-~:\/?#\[\]@!$&'()*+,;=%]/) { |letter| letter.bytes.map { |byte| format("%%%02X", byte) }.join }
  end
end

module Resolv
  class ResolvError < StandardError; end

  class IPv4
    Regex256 = /0|1(?:[0-9][0-9]?)?|2(?:[0-4][0-9]?|5[0-5]?|[6-9])?|[3-9][0-9]?/
    Regex = /\A(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-5])(?:\.(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-5])){3}\z/
  end

  class IPv6
    Regex = /\A(?:(?:\h{1,4}:){7}\h{1,4}|(?:(?:\h{1,4}:)*\h{1,4})?::(?:(?:\h{1,4}:)*\h{1,4})?|(?:\h{1,4}:){6}\d+\.\d+\.\d+\.\d+)(?:%\w+)?\z/
  end

  def self.getaddress(name)
    HostSockets.resolve(name).first
  rescue SocketError
    raise ResolvError, "no address for #{name}"
  end

  def self.getaddresses(name)
    HostSockets.resolve(name)
  rescue SocketError
    []
  end

  def self.getname(address)
    HostSockets.name_of(address.to_s)
  rescue SocketError
    raise ResolvError, "no name for #{address}"
  end

  def self.getnames(address)
    [getname(address)]
  rescue ResolvError
    []
  end
end
