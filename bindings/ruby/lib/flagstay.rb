# frozen_string_literal: true

require_relative "flagstay/version"
require_relative "flagstay/errors"
require_relative "flagstay/native"
require_relative "flagstay/client"

# Feature flags and experiments that stay: decisions in this process, in nanoseconds, with the same answer as in every
# other language, and each user kept where they were put.
#
# Begin at {Client}; {User} is who it decides for, {Decision} what it answers, {Store} what Ruby code has to offer to be
# where assignments live, and {Error} what goes wrong.
module Flagstay
  # @return [Integer] the version of the C interface that the loaded library has
  def self.abi_version
    Native.abi_version
  end

  # @return [String] the version of the loaded library, such as "0.1.0"
  def self.library_version
    Native.version
  end
end
