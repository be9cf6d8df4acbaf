# frozen_string_literal: true

require "flagstay"
require "io/wait"
require "json"
require "minitest/autorun"
require "open3"
require "rbconfig"
require "tempfile"
require "tmpdir"

# What the tests share: a ruleset, a store, and processes that must end in time.
module Support
  LIB = File.expand_path("../lib", __dir__)

  def self.split(*names, **more)
    share = 100 / names.size
    { split: { weights: names.map { |name| { variation: name, percent: share } }, **more } }
  end

  # By the dialect's page `user-1` is in bucket 67,868 of `new-checkout`, and `user-3` in 952,381.
  RULES = {
    format: 1,
    flags: {
      "new-checkout" => { on: true, variations: { on: true, off: false }, off: "off", default: split("on", "off") },
      "button-colour" => { on: true, variations: { grey: "grey", blue: "blue", green: "green" }, off: "grey",
                           default: { id: "colours", **split("blue", "green", sticky: true) } },
      "page-size" => { on: true, variations: { small: 20, large: 0.5, huge: (2**53) + 1 }, off: "small",
                       rules: [{ id: "half", if: { attribute: "plan", equals: "pro" }, serve: "large" },
                               { id: "huge", if: { attribute: "plan", equals: "huge" }, serve: "huge" }],
                       default: "small" },
      "layout" => { on: true, variations: { list: [1, { a: nil }], object: { columns: 3, "naïve" => "ü\u0000" },
                                            nothing: nil }, off: "nothing",
                    rules: [{ id: "list", if: { attribute: "plan", equals: "pro" }, serve: "list" },
                            { id: "null", if: { attribute: "plan", equals: "null" }, serve: "nothing" }],
                    default: "object" },
      "dark" => { on: false, variations: { on: true, off: false }, off: "off", default: "on" },
      "flag\u0000ü" => { on: true, variations: { on: true, off: false }, off: "off", default: "on" }
    }
  }.freeze

  # A store of Ruby objects. It offers what its maker asks for.
  class HashStore
    attr_reader :records

    def initialize(records = {})
      @records = records
      @lock = Mutex.new
    end

    def get(unit, flag) = @lock.synchronize { @records[[unit, flag]] }

    def set(unit, flag, record) = @lock.synchronize { @records[[unit, flag]] = record }

    def remove(unit, flag) = @lock.synchronize { @records.delete([unit, flag]) }
  end

  # The same with everything that a store may offer.
  class CompleteStore < HashStore
    def load(unit) = @lock.synchronize { @records.select { |(u, _), _| u == unit }.transform_keys(&:last) }

    def set_if_absent(unit, flag, record) = @lock.synchronize { @records[[unit, flag]] ||= record }
  end

  def rules
    RULES
  end

  def client(**options)
    Flagstay::Client.new(ruleset: RULES, **options)
  end

  def user(key = "user-1", **attributes)
    Flagstay::User.new(key, attributes:)
  end

  def folder(&)
    Dir.mktmpdir("flagstay", &)
  end

  # Runs Ruby source in a process of its own, which is killed when it takes longer than it may.
  #
  # @return [String] what it wrote
  def script(source, seconds: 30, **environment)
    out, status = run_script(source, seconds, environment.transform_keys(&:to_s))
    assert(status.success?, "the script ended with #{status}:\n#{out}")
    out
  end

  def run_script(source, seconds, environment)
    Open3.popen2e(environment, RbConfig.ruby, "-w", "-I", LIB, "-I", __dir__, "-e", source) do |input, output, process|
      input.close
      reader = Thread.new { output.read }
      unless process.join(seconds)
        Process.kill(:KILL, process.pid)
        flunk("the script was still running after #{seconds} s:\n#{reader.value}")
      end
      [reader.value, process.value]
    end
  end

  # Runs a block in a fork of this process, which must say that it is done in time.
  def in_a_child(seconds = 20, &)
    reader, writer = IO.pipe
    pid = fork { report(reader, writer, &) }
    writer.close
    unless reader.wait_readable(seconds)
      Process.kill(:KILL, pid)
      flunk("the child was still running after #{seconds} s")
    end
    Marshal.load(reader.read.tap { |text| flunk("the child died") if text.empty? }) # rubocop:disable Security/MarshalLoad
  ensure
    reader&.close
    Process.wait(pid) if pid
  end

  def report(reader, writer)
    reader.close
    result = begin
      yield
    rescue Exception => e # rubocop:disable Lint/RescueException
      "#{e.class}: #{e.message}"
    end
    writer.write(Marshal.dump(result))
    writer.close
    exit!(0)
  end
end
