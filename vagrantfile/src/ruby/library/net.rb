# HTTP as far as Vagrantfiles speak it. Requests are made by the host, which decides.
module Net
  class OpenTimeout < StandardError; end
  class ReadTimeout < StandardError; end
  class ProtocolError < StandardError; end
  class HTTPError < ProtocolError; end
  class HTTPBadResponse < StandardError; end
  class HTTPClientException < HTTPError; end
  class HTTPFatalError < HTTPError; end
  HTTPServerException = HTTPClientException

  class HTTPResponse
    attr_reader :body, :code, :message

    def initialize(code, message, headers, body)
      @code = code.to_s
      @message = message
      @headers = headers
      @body = body
    end

    alias read_body body
    alias msg message

    def [](name)
      @headers[name.downcase]
    end

    def key?(name)
      @headers.key?(name.downcase)
    end

    def each_header(&block)
      @headers.each(&block)
    end

    alias each each_header

    def to_hash
      @headers.transform_values { |value| [value] }
    end

    def content_type
      self["content-type"]&.split(";")&.first
    end

    def content_length
      self["content-length"]&.to_i
    end

    # Raises what a status other than success stands for.
    def value
      return if is_a?(HTTPSuccess)

      raise (is_a?(HTTPServerError) ? HTTPFatalError : HTTPClientException), "#{code} \"#{message}\""
    end

    alias error! value
  end

  class HTTPInformation < HTTPResponse; end
  class HTTPSuccess < HTTPResponse; end
  class HTTPRedirection < HTTPResponse; end
  class HTTPClientError < HTTPResponse; end
  class HTTPServerError < HTTPResponse; end
  class HTTPOK < HTTPSuccess; end
  class HTTPCreated < HTTPSuccess; end
  class HTTPAccepted < HTTPSuccess; end
  class HTTPNoContent < HTTPSuccess; end
  class HTTPMovedPermanently < HTTPRedirection; end
  class HTTPFound < HTTPRedirection; end
  class HTTPNotModified < HTTPRedirection; end
  class HTTPBadRequest < HTTPClientError; end
  class HTTPUnauthorized < HTTPClientError; end
  class HTTPForbidden < HTTPClientError; end
  class HTTPNotFound < HTTPClientError; end
  class HTTPInternalServerError < HTTPServerError; end
  class HTTPBadGateway < HTTPServerError; end
  class HTTPServiceUnavailable < HTTPServerError; end

  HTTP_CLASSES = [HTTPInformation, HTTPSuccess, HTTPRedirection, HTTPClientError, HTTPServerError]
  HTTP_CODES = {
    200 => HTTPOK, 201 => HTTPCreated, 202 => HTTPAccepted, 204 => HTTPNoContent, 301 => HTTPMovedPermanently, 302 => HTTPFound,
    304 => HTTPNotModified, 400 => HTTPBadRequest, 401 => HTTPUnauthorized, 403 => HTTPForbidden, 404 => HTTPNotFound,
    500 => HTTPInternalServerError, 502 => HTTPBadGateway, 503 => HTTPServiceUnavailable
  }

  class HTTP
    attr_accessor :use_ssl, :verify_mode, :open_timeout, :read_timeout, :ssl_timeout, :ca_file, :write_timeout, :ssl_version, :min_version,
                  :max_version, :ca_path, :keep_alive_timeout, :max_retries
    attr_reader :address, :port

    alias use_ssl? use_ssl

    def self.get(place, path = "/", port = nil)
      get_response(place, path, port).body
    end

    def self.get_response(place, path = "/", port = nil)
      return exchange("GET", place.to_s, path.is_a?(Hash) ? path : {}, nil) unless place.is_a?(String)

      new(place, port).get(path)
    end

    def self.start(address, port = nil, *, **options)
      http = new(address, port)
      options.each { |name, value| http.public_send("#{name}=", value) }
      http.start
      block_given? ? yield(http) : http
    end

    def self.post(place, data, headers = nil)
      exchange("POST", place.to_s, headers || {}, data)
    end

    def self.post_form(place, fields)
      request = HTTP::Post.new(place)
      request.set_form_data(fields)
      exchange("POST", place.to_s, request.headers, request.body)
    end

    def self.exchange(verb, address, headers, body, timeout = nil, insecure = false)
      headers = headers.to_h { |name, value| [name.to_s.downcase, value.to_s] }
      code, message, headers, body = Kernel.request(verb, address, headers, body, timeout, insecure)
      (HTTP_CODES[code] || HTTP_CLASSES[code / 100 - 1] || HTTPResponse).new(code, message, headers, body)
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

    def get(path, headers = nil)
      send_request("GET", path, nil, headers)
    end

    def head(path, headers = nil)
      send_request("HEAD", path, nil, headers)
    end

    def post(path, data, headers = nil)
      send_request("POST", path, data, headers)
    end

    def put(path, data, headers = nil)
      send_request("PUT", path, data, headers)
    end

    def delete(path, headers = nil)
      send_request("DELETE", path, nil, headers)
    end

    alias request_get get
    alias request_head head
    alias request_post post

    def send_request(verb, path, data = nil, headers = nil)
      limits = [open_timeout, read_timeout].compact
      HTTP.exchange(verb, whole(path), headers || {}, data, limits.empty? ? nil : limits.sum, verify_mode == 0)
    end

    def request(request, data = nil)
      response = send_request(request.verb, request.path, data || request.body, request.headers)
      yield response if block_given?
      response
    end

    private

    def whole(path)
      return path if path.start_with?("http")

      scheme = use_ssl || port == 443 ? "https" : "http"
      usual = port.nil? || port == (scheme == "https" ? 443 : 80)
      "#{scheme}://#{address}#{usual ? "" : ":#{port}"}#{path}"
    end
  end

  class HTTP::Request
    attr_reader :path, :headers
    attr_accessor :body

    def initialize(place, headers = nil)
      @path = place.is_a?(String) ? place : place.request_uri
      @headers = (headers || {}).to_h { |name, value| [name.to_s.downcase, value.to_s] }
    end

    def []=(name, value)
      @headers[name.to_s.downcase] = value.to_s
    end

    alias add_field []=

    def [](name)
      @headers[name.to_s.downcase]
    end

    def content_type=(value)
      self["content-type"] = value
    end

    def verb
      self.class.name.split("::").last.upcase
    end

    alias method verb

    def basic_auth(user, password)
      self["authorization"] = "Basic " + ["#{user}:#{password}"].pack("m0")
    end

    def set_form_data(fields, separator = "&")
      @body = fields.map { |name, value| [name, value].map { |it| URI.encode_www_form_component(it.to_s) }.join("=") }.join(separator)
      self["content-type"] = "application/x-www-form-urlencoded"
    end

    alias form_data= set_form_data
  end

  class HTTP::Get < HTTP::Request; end
  class HTTP::Head < HTTP::Request; end
  class HTTP::Post < HTTP::Request; end
  class HTTP::Put < HTTP::Request; end
  class HTTP::Patch < HTTP::Request; end
  class HTTP::Delete < HTTP::Request; end
  class HTTP::Options < HTTP::Request; end
end

# What HTTP and checksums have of it.
module OpenSSL
  module SSL
    class SSLError < StandardError; end

    VERIFY_NONE = 0
    VERIFY_PEER = 1
  end

  Digest = ::Digest
end
