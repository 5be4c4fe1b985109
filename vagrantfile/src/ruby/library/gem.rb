# Versions and requirements as RubyGems orders them.
module Gem
  class LoadError < ::LoadError; end
  class MissingSpecError < LoadError; end

  class Version
    include Comparable

    attr_reader :version

    def self.create(input)
      input.is_a?(Version) || input.nil? ? input : new(input)
    end

    def self.correct?(input)
      input.to_s.match?(/\A\s*([0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)?\s*\z/)
    end

    def initialize(input)
      text = input.to_s
      raise ArgumentError, "Malformed version number string #{text}" unless Version.correct?(text)
      text = text.strip
      text = "0" if text.empty?
      @version = text.gsub("-", ".pre.")
    end

    def to_s
      @version
    end

    def inspect
      "Gem::Version.new(#{@version.inspect})"
    end

    def hash
      canonical_segments.hash
    end

    def eql?(other)
      other.is_a?(Version) && @version == other.version
    end

    def segments
      @version.scan(/[0-9]+|[a-z]+/i).map { |part| part.match?(/\A\d+\z/) ? part.to_i : part }
    end

    def prerelease?
      @version.match?(/[a-zA-Z]/)
    end

    def release
      return self unless prerelease?
      Version.new(segments.take_while { |part| part.is_a?(Integer) }.join("."))
    end

    def bump
      parts = segments.take_while { |part| part.is_a?(Integer) }
      parts.pop if parts.size > 1
      parts[-1] = parts[-1].succ
      Version.new(parts.join("."))
    end

    def canonical_segments
      parts = segments
      at = parts.index { |part| part.is_a?(String) } || parts.size
      [parts[0...at], parts[at..-1]].map do |half|
        half.pop while half.last == 0
        half
      end.flatten(1)
    end

    def <=>(other)
      other = Version.new(other) if other.is_a?(String) && Version.correct?(other)
      return nil unless other.is_a?(Version)
      one = canonical_segments
      two = other.canonical_segments
      [one.size, two.size].max.times do |index|
        left = index < one.size ? one[index] : 0
        right = index < two.size ? two[index] : 0
        next if left == right
        return -1 if left.is_a?(String) && right.is_a?(Integer)
        return 1 if left.is_a?(Integer) && right.is_a?(String)
        return left <=> right
      end
      0
    end
  end

  class Requirement
    class BadRequirementError < ArgumentError; end

    attr_reader :requirements

    def self.create(*inputs)
      inputs.first.is_a?(Requirement) ? inputs.first : new(*inputs)
    end

    def self.default
      new(">= 0")
    end

    def initialize(*inputs)
      inputs = inputs.flatten.compact.uniq
      @requirements = inputs.empty? ? [[">=", Version.new("0")]] : inputs.map { |input| parse(input) }
    end

    def parse(input)
      return ["=", input] if input.is_a?(Version)
      match = /\A\s*(=|!=|>=|<=|~>|>|<)?\s*([0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?)\s*\z/.match(input.to_s)
      raise BadRequirementError, "Illformed requirement [#{input.inspect}]" unless match
      [match[1] || "=", Version.new(match[2])]
    end

    def satisfied_by?(version)
      @requirements.all? do |operator, wanted|
        case operator
        when "=" then version == wanted
        when "!=" then version != wanted
        when ">" then version > wanted
        when "<" then version < wanted
        when ">=" then version >= wanted
        when "<=" then version <= wanted
        when "~>" then version >= wanted && version.release < wanted.bump
        end
      end
    end

    alias === satisfied_by?

    def to_s
      @requirements.map { |operator, version| "#{operator} #{version}" }.join(", ")
    end
  end

  class Dependency
    attr_reader :name, :requirement

    def initialize(name, *requirements)
      @name = name
      @requirement = Requirement.new(*requirements)
    end

    def to_s
      "#{name} (#{requirement})"
    end

    def match?(name, version)
      @name == name && @requirement.satisfied_by?(Version.new(version))
    end
  end

  class Specification
    def self.find_by_name(name, *)
      raise MissingSpecError, "Could not find '#{name}' (>= 0) among 0 total gem(s)"
    end

    def self.find_all_by_name(*)
      []
    end
  end

  VERSION = "3.5.22"

  def self.win_platform?
    Vagrant::Util::Platform.windows?
  end

  def self.loaded_specs
    {}
  end

  def self.path
    []
  end
end
