/* SPDX-License-Identifier: MIT */
/* temp-folder.h - a folder for one test, removed with all that is in it. */
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

class TempFolder {
  public:
    TempFolder()
    {
        std::string name = std::filesystem::temp_directory_path() / "ferrule-XXXXXX";
        path_ = mkdtemp(name.data());
    }

    ~TempFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    TempFolder(const TempFolder &) = delete;
    TempFolder &operator=(const TempFolder &) = delete;

    std::string
    path(const std::string &name = "") const
    {
        return name.empty() ? path_ : path_ + "/" + name;
    }

    /* Write a file, making the folders above it. */
    std::string
    write(const std::string &name, const std::string &text) const
    {
        std::filesystem::create_directories(
            std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name)) << text;
        return path(name);
    }

  private:
    std::string path_;
};
