# HTTP as far as Vagrantfiles ask: what a GET of an address answers. Addresses are opened by the host, which decides.
module Net
  class OpenTimeout < StandardError; end
  class ReadTimeout < StandardError; end
  class HTTPError < StandardError; end
  class HTTPBadResponse < StandardError; end
  class ProtocolError < StandardError; end

  class HTTPResponse
    attr_reader :body, :code, :message

    def initialize(body)
      @body = body
      @code = "200"
      @message = "OK"
    end

    alias read_body body

    def [](_name)
      nil
    end

    def value
      nil
    end
  end

  class HTTPSuccess < HTTPResponse; end
  class HTTPOK < HTTPSuccess; end
  class HTTPRedirection < HTTPResponse; end
  class HTTPClientError < HTTPResponse; end
  class HTTPServerError < HTTPResponse; end
  class HTTPNotFound < HTTPClientError; end

  class HTTP
    attr_accessor :use_ssl, :verify_mode, :open_timeout, :read_timeout, :ssl_timeout, :ca_file
    attr_reader :address, :port

    alias use_ssl? use_ssl

    def self.get(place, path = "/", port = nil)
      get_response(place, path, port).body
    end

    def self.get_response(place, path = "/", port = nil)
      return fetched(place.to_s) unless place.is_a?(String)

      new(place, port).get(path.is_a?(Hash) ? "/" : path)
    end

    def self.start(address, port = nil, *, use_ssl: false, **)
      http = new(address, port)
      http.use_ssl = use_ssl
      http.start
      block_given? ? yield(http) : http
    end

    def self.post(place, *)
      Kernel.connect(place.to_s)
      raise NotImplementedError, "Net::HTTP.post is not supported in a Vagrantfile"
    end

    def self.post_form(place, *)
      post(place)
    end

    def self.fetched(address)
      HTTPOK.new(Kernel.open(address).read)
    end

    def initialize(address, port = nil, *)
      @address = address
      @port = port
      @use_ssl = false
    end

    def start
      Kernel.connect(whole("/"))
      return yield(self) if block_given?

      self
    end

    def finish
      nil
    end

    def started?
      true
    end

    def get(path, *)
      HTTP.fetched(whole(path))
    end

    alias request_get get

    def request(request, *)
      response =
        if request.verb == "GET"
          get(request.path)
        else
          Kernel.connect(whole(request.path))
          raise NotImplementedError, "#{request.verb} is not supported in a Vagrantfile"
        end
      yield response if block_given?
      response
    end

    def head(path, *)
      get(path)
    end

    def post(path, *)
      HTTP.post(whole(path))
    end

    private

    def whole(path)
      return path if path.start_with?("http")

      scheme = use_ssl || port == 443 ? "https" : "http"
      usual = port.nil? || [80, 443].include?(port)
      "#{scheme}://#{address}#{usual ? "" : ":#{port}"}#{path}"
    end
  end

  class HTTP::Request
    attr_reader :path
    attr_accessor :body

    def initialize(place, headers = nil)
      @path = place.is_a?(String) ? place : place.request_uri
      @headers = headers || {}
    end

    def []=(name, value)
      @headers[name] = value
    end

    def [](name)
      @headers[name]
    end

    def verb
      self.class.name.split("::").last.upcase
    end

    def basic_auth(*)
      nil
    end

    def set_form_data(*)
      nil
    end
  end

  class HTTP::Get < HTTP::Request; end
  class HTTP::Head < HTTP::Request; end
  class HTTP::Post < HTTP::Request; end
  class HTTP::Put < HTTP::Request; end
  class HTTP::Delete < HTTP::Request; end
end
