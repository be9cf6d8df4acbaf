# frozen_string_literal: true

require "ffi"

module Flagstay
  # The native library: where it is looked for, and whether it is the right one.
  #
  # In this order: the file that the environment variable `FLAGSTAY_LIBRARY` names; this gem's own folder; the folder of
  # the running program; the system's library path. A variable that names a missing file is an error, never a reason to
  # take another file.
  module Library
    VARIABLE = "FLAGSTAY_LIBRARY"

    # The version of the C interface that this gem was written for; a newer library works too.
    ABI_VERSION = 3

    SYSTEM_NAME = FFI::Platform.mac? ? "libflagstay.1.dylib" : "libflagstay.so.1"
    FILE_NAMES = [SYSTEM_NAME, "#{FFI::Platform::LIBPREFIX}flagstay.#{FFI::Platform::LIBSUFFIX}"].freeze

    class << self
      # Finds the library by loading it: what is returned is known to load.
      #
      # @return [String] a path, or the name that the system knows it by
      # @raise [LibraryError] naming every place that was tried
      def locate
        tried = []
        candidates.each do |name|
          FFI::DynamicLibrary.open(name, FFI::DynamicLibrary::RTLD_NOW | FFI::DynamicLibrary::RTLD_LOCAL)
          return name
        rescue LoadError => e
          tried << "#{name}: #{e.message}"
        end
        raise LibraryError, "the flagstay library could not be loaded; tried\n  #{tried.join("\n  ")}"
      end

      # @raise [LibraryError] if the library is older than this gem
      def check_version(number)
        return if number >= ABI_VERSION

        raise LibraryError, "the flagstay library has ABI version #{number}, and this gem needs #{ABI_VERSION}"
      end

      private

      def candidates
        named = ENV.fetch(VARIABLE, "")
        return [File.expand_path(named)] unless named.empty?

        [__dir__, File.dirname(File.expand_path($PROGRAM_NAME))]
          .product(FILE_NAMES).map { |folder, name| File.join(folder, name) } << SYSTEM_NAME
      end
    end
  end
end
