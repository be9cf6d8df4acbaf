# frozen_string_literal: true

require "fixtures"
require "io/wait"
require "json"
require "minitest/autorun"
require "open3"
require "rbconfig"
require "tempfile"
require "tmpdir"

# What the tests share, first of all processes that must end in time.
module Support
  LIB = File.expand_path("../lib", __dir__)

  include Fixtures

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
