# frozen_string_literal: true

require "support"
require "fileutils"

class LibraryTest < Minitest::Test
  include Support

  NAMING = <<~RUBY
    begin
      require "flagstay"
    rescue LoadError => e
      puts e.class, e.message
      exit
    end
    abort "loaded"
  RUBY

  def test_a_variable_that_names_a_missing_file_is_an_error_that_names_it
    said = script(NAMING, FLAGSTAY_LIBRARY: "/no/such/folder/libflagstay.so")
    assert_match(/\AFlagstay::LibraryError\n/, said)
    assert_includes(said, "/no/such/folder/libflagstay.so")
  end

  def test_without_a_variable_every_place_that_was_tried_is_named
    said, found = run_script(NAMING, 30, { "FLAGSTAY_LIBRARY" => "" })
    # A machine on which the library is installed loads it, and then there is nothing to name.
    places = found.success? ? [File.join(LIB, "flagstay", "libflagstay.so.1: "), "\n  libflagstay.so.1: "] : ["loaded"]
    places.each { |place| assert_includes(said, place) }
  end

  def test_a_library_without_the_functions_is_an_error_and_never_falls_through_to_another
    libc = File.read("/proc/self/maps")[%r{/\S*libc[.-]\S*}]
    said = script(NAMING, FLAGSTAY_LIBRARY: libc)
    assert_includes(said, "flagstay_abi_version")
  end

  def test_a_file_that_is_no_library_is_an_error_that_names_it
    said = script(NAMING, FLAGSTAY_LIBRARY: __FILE__)
    assert_includes(said, __FILE__)
  end

  def test_a_library_beside_the_program_is_found
    folder do |folder|
      FileUtils.ln_s(File.expand_path(Flagstay::Native::PATH), File.join(folder, "libflagstay.so.1"))
      said = script(<<~RUBY, FLAGSTAY_LIBRARY: "")
        $PROGRAM_NAME = #{File.join(folder, "program").inspect}
        require "flagstay"
        puts Flagstay::Native::PATH
      RUBY
      assert_equal(File.join(folder, "libflagstay.so.1"), said.chomp) unless File.exist?(beside_the_gem)
    end
  end

  def test_an_older_library_is_refused
    error = assert_raises(Flagstay::LibraryError) { Flagstay::Library.check_version(0) }
    assert_includes(error.message, "ABI version 0")
    assert_nil(Flagstay::Library.check_version(Flagstay::Library::ABI_VERSION + 1))
  end

  def test_the_library_says_what_it_is
    assert_operator(Flagstay.abi_version, :>=, 1)
    assert_match(/\A\d+\.\d+\.\d+/, Flagstay.library_version)
  end

  private

  def beside_the_gem
    File.join(LIB, "flagstay", "libflagstay.so.1")
  end
end
